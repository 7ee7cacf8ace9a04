"""What the AIGNE CLI says last, as it was captured, and what it means."""

import pytest

from agentramp.agents.aigne_words import Trouble, understood
from tests.agents.stand_in_aigne import ASKS, COMMANDS, KEYLESS


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("  --text  [string]\n\nMissing required argument: text\n", {"missing": ("text",)}),
        ("Missing required arguments: text, name", {"missing": ("text", "name")}),
        ("\nUnknown argument: bogus\n", {"unknown": ("bogus",)}),
        (
            f"{COMMANDS}\nUnknown arguments: text, output, output-key, outputKey, nosuch",
            {"agents": ("echo",)},
        ),
        (
            "Commands:\n  one  says\n       more\n  two\n\nNot enough non-option arguments: got 0",
            {"agents": ("one", "two")},
        ),
        (ASKS, {"asks_for_model": True}),
        (KEYLESS.format("openai/gpt-4o"), {"keyless": "openai/gpt-4o"}),
    ],
)
def test_what_it_means(text: str, meaning: dict[str, object]) -> None:
    found = understood(text)
    assert found == Trouble(found.said, **meaning)  # type: ignore[arg-type]  # by name


def test_its_own_error_is_quoted_and_no_escape_is() -> None:
    text = "noise\n\x1b[31mError:\x1b[39m \x1b]8;;http://x\x07it broke\r\n    at echo (file)\n"
    assert understood(text) == Trouble("it broke\n    at echo (file)")
    assert understood("\n".join(map(str, range(20)))).said.splitlines() == [
        str(number) for number in range(10, 20)
    ]
