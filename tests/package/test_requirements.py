from typing import TYPE_CHECKING

import pytest

from agentramp.package.errors import BuildError
from agentramp.package.requirements import read_requirements

if TYPE_CHECKING:
    from tests.package.conftest import Fill

ASKS = """\
# a remark
six==1.16.0  # another
idna
requests >=2, <3 ; python_version < "3.13"
click==8.*
local @ file:///wheels/local-1.0-py3-none-any.whl
./wheels/own-1.0-py3-none-any.whl
--index-url https://registry.invalid/simple
jinja2 \\
    ==3.1.4 --hash=sha256:00
"""


@pytest.mark.parametrize("text", [None, "", "# nothing\n\n", "--no-index\n"])
def test_a_folder_may_ask_for_nothing(fill: "Fill", text: str | None) -> None:
    root = fill({"a.py": ""} if text is None else {"requirements.txt": text})

    assert read_requirements(root) is None


def test_requirements_are_counted_and_the_loose_ones_named(fill: "Fill") -> None:
    found = read_requirements(fill({"requirements.txt": ASKS}))

    assert found is not None
    assert len(found.lines) == 7
    assert found.unpinned == ("idna", "requests", "click")
    assert found.hashed


def test_included_files_belong_to_the_digest(fill: "Fill") -> None:
    files = {"requirements.txt": "-r more/base.txt\n-cpins.txt\nsix==1.16.0\n"}
    root = fill({**files, "more/base.txt": "-r ../requirements.txt\nidna==3.10\n", "pins.txt": ""})
    first = read_requirements(root)
    assert first is not None
    assert len(first.lines) == 2
    for name in ("more/base.txt", "pins.txt"):
        (root / name).write_text("idna==3.9\n")
        changed = read_requirements(root)
        assert changed is not None
        assert changed.digest != first.digest
        first = changed


def test_a_missing_included_file_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match=r"lost\.txt cannot be read"):
        read_requirements(fill({"requirements.txt": "-r lost.txt\n"}))


def test_a_file_that_is_not_text_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match=r"requirements\.txt is not UTF-8"):
        read_requirements(fill({"requirements.txt": b"\xff\xfes\0i\0x\0"}))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("--index-url https://user:pass@registry.invalid/simple", True),
        ("--index-url https://$USER:${PASS}@registry.invalid/simple", False),
        ("--index-url https://registry.invalid/simple", False),
    ],
)
def test_a_password_in_the_file_is_seen(fill: "Fill", line: str, *, found: bool) -> None:
    requirements = read_requirements(fill({"requirements.txt": f"six==1.16.0\n{line}\n"}))

    assert requirements is not None
    assert requirements.has_credentials is found
