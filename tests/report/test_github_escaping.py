import subprocess

import pytest

from agentramp.report.command_line import spelt
from agentramp.report.github.escaping import LONGEST, block, code, code_cell, link, text
from tests.report.results import HOSTILE


def test_no_mark_of_a_users_text_acts() -> None:
    assert text(HOSTILE) == (
        r"a \| b \`c\` \`\`\` &lt;img src=x&gt; @&#8203;octocat #&#8203;12 \[l\](x) \*e\* \_e\_"
        r" \~\~s\~\~ \$m\$ &amp;lt; \\\| # d ::error::x"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("# no heading", r"\# no heading"),
        ("- no list", r"\- no list"),
        ("1. no list", r"1\. no list"),
        ("> no quote", r"&gt; no quote"),
        ("10 % of all", "10 % of all"),
        ("\x1b[2Jx\u202e", r"\\x1b\[2Jx\\u202e"),
        ("", ""),
    ],
)
def test_a_line_begins_nothing(said: str, shown: str) -> None:
    assert text(said) == shown


def test_a_text_without_end_has_one() -> None:
    assert len(text("x" * 1_000_000)) == LONGEST + 3


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        ("two\nlines", "`two lines`"),
        ("", ""),
    ],
)
def test_a_code_span_ends_where_we_end_it(said: str, shown: str) -> None:
    assert code(said) == shown


def test_a_pipe_in_a_cell_ends_no_cell() -> None:
    assert code_cell("a|b") == "`a\\|b`"


def test_a_block_ends_where_we_end_it() -> None:
    assert block(["a", "````", "b\x07"], 100) == ["`````text", "a", "````", "b\\x07", "`````"]


def test_a_block_has_an_end() -> None:
    shown = block((f"line {number}" for number in range(1000)), 50)
    assert len(shown) < 12
    assert shown[-2] == "(the rest is in the log and in result-json)"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.b/c_d?e=1", r"[https://a.b/c\_d?e=1](<https://a.b/c_d?e=1>)"),
        ("javascript:alert(1)", "`javascript:alert(1)`"),
        ("https://a.b/x> <b>", "`https://a.b/x> <b>`"),
        ("https://a.b/|", "`https://a.b/\\|`"),
    ],
)
def test_only_what_is_an_address_is_a_link(url: str, shown: str) -> None:
    assert link(url) == shown


WORDS = ["plain", "two words", "it's", "a\nb\t\x01", "\\n", "'\n\\", "##[error]", "$(x)`y`", "é\n9"]


def test_a_command_is_one_line_and_means_the_same_to_a_shell() -> None:
    spelled = spelt(WORDS)
    assert spelled.isprintable()
    assert "##[" not in spelled
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {spelled}"], capture_output=True, timeout=20, check=True
    )
    assert printed.stdout.decode().split("\0")[:-1] == WORDS
