"""What a workflow hands over: each input is one line of text, bounded, and held to a rule.

Whoever may start a workflow may choose its inputs, so nothing of them is taken on trust: what is
no text for a log is refused with the input's name, before any of it is used or printed.
"""

import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from agentramp.errors import UsageError

PREFIX: Final = "AGENTRAMP_INPUT_"
LONGEST: Final = 4096
"""Characters; as many as a path may have on Linux."""
_SHORT: Final = 255
_SHOWN: Final = 80
_TEXTS: Final = frozenset({"description", "prompt", "reason"})
"""What is written for people: any letters, as long as it is one line. So is the name of an
environment on GitHub, but for its length: people give it one, and nothing but GitHub reads it."""
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn letters round, so that a reader sees other words than a program."""
_NO_LETTER: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_JOINED: Final = frozenset({"Mn", "Mc", "Me"})
_ACTING: Final = ("::", "##[")
"""What may begin a command to a runner that reads the log."""
_PATHS: Final = frozenset({"artifact", "output-dir", "path", "template"})
"""No shell ever sees them, so a file may be called what it likes."""
_PATH_FORM: Final = "any letters and signs, but no - in front and neither :: nor ##["
_URL_LETTER: Final = r"(?:[\w./~:@+=\[\]-]|%(?![01]|7[Ff])[0-9A-Fa-f]{2})"
_REMOTE: Final = rf"(?!.*::)(?!-){_URL_LETTER}(?:{_URL_LETTER}| )*"
_NEW_FOLDER: Final = r"\w./~+@,=()&'\[\]{}!#"
_RULES: Final[Mapping[str, tuple[str, str, str]]] = {
    "access": ("A-Za-z0-9", r"\w.@-", "letters, digits and . _ @ -"),
    "env": (r"\w", r"\w.-", "letters, digits and . _ -"),
    "output-dir": (_NEW_FOLDER, _NEW_FOLDER + " -", "letters, digits, blanks and common signs"),
    "resource": (r"\w", r"\w ./@+-", "letters, digits, blanks and . / @ + _ -"),
}
"""The letters that may stand first, those that may follow, and both in words.

A folder that is made is held to more than one that is found: a name by mistake would be there.
"""
TRUE: Final = frozenset({"true", "True", "TRUE"})
FALSE: Final = frozenset({"false", "False", "FALSE"})
"""The booleans of YAML 1.2's core schema: a workflow may write any of them without quotes."""


def variable(name: str) -> str:
    """The variable that carries the input ``name``."""
    return PREFIX + name.upper().replace("-", "_")


def are_given(environ: Mapping[str, str]) -> bool:
    """Whether this is a step of a workflow, which has inputs, and no command line."""
    return any(name.startswith(PREFIX) for name in environ)


def value(name: str, environ: Mapping[str, str]) -> str:
    """What the input says, '' where it is not given; raises UsageError that names it."""
    text = environ.get(variable(name), "").strip(" \t\r\n")  # a block of YAML ends in a line end
    _refuse_odd(name, text)
    if text:
        _refuse_acting(name, text)
        _refuse_letters(name, text)
    return text


def truth(name: str, text: str) -> bool:
    if text not in TRUE | FALSE:
        raise UsageError(
            f"input {name}: {brief(text)} is neither true nor false", advice="write true or false"
        )
    return text in TRUE


def words(text: str) -> list[str]:
    """A list, as an input has it: parted by commas or blanks."""
    return re.split(r"[, ]+", text.strip(", "))


def number(name: str, text: str) -> None:
    """Refuses what reads as a number and is none to reckon with."""
    if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        raise UsageError(f"input {name}: {brief(text)} is no number", advice="such as 0.05")


def found(path: str, template: str | None) -> None:
    """Refuses a path, or a file in it, that is not there; both start from where this runs."""
    if not os.path.lexists(path):
        raise UsageError(
            f"input path: {brief(path)} is not there",
            advice="it starts from the workspace; usual cause: no actions/checkout before",
        )
    if template is None:
        return
    folder = path if os.path.isdir(path) else os.path.dirname(path)  # noqa: PTH112, PTH120 - no odd name raises
    if not os.path.lexists(os.path.join(folder, template)):  # noqa: PTH118 - as above
        raise UsageError(
            f"input template: {brief(template)} is not there", advice=f"it is looked for in {path}"
        )


def found_artifact(path: str) -> None:
    if not os.path.lexists(path):
        raise UsageError(
            f"input artifact: {brief(path)} is not there",
            advice="it starts from the workspace; usual cause: this job has not downloaded it",
        )


def token(environ: Mapping[str, str]) -> None:
    """Refuses a login for GitHub that could be none, and shows nothing of it."""
    given = environ.get("GITHUB_TOKEN", "").strip()
    if len(given) > LONGEST or not (given.isascii() and given.isprintable() and " " not in given):
        raise UsageError(
            "input github-token: it holds a blank, a line end or a letter that no token has, or is"
            " too long",
            advice="leave it out for the token of the job, or store the secret anew",
        )


def brief(text: str) -> str:
    """``text`` as a message shows it: quoted, with its odd letters escaped, and not too long."""
    shown = repr(text[:_SHOWN])
    return shown if len(text) <= _SHOWN else f"{shown}… ({len(text)} characters)"


def _refuse_odd(name: str, text: str) -> None:
    most = LONGEST if name in _TEXTS or name in _PATHS else _SHORT
    if len(text) > most:
        raise UsageError(
            f"input {name}: it has {len(text):,} characters; {most:,} is the most",
            advice="usual cause: a whole file or log where a name is meant",
        )
    odd = next((letter for letter in text if _is_odd(letter)), None)
    if odd is not None:
        raise UsageError(
            f"input {name}: it holds {_named(odd)}; an input is one line of text",
            advice="write it without | in the workflow; a list is parted by commas",
        )


def _refuse_acting(name: str, text: str) -> None:
    """What could act in a log or stand for an option, in a path; and an address that is none."""
    if name == "remote" and not re.fullmatch(_REMOTE, text):
        raise _no_such(name, text, "", "a name, a path or an address")
    if name not in _PATHS:
        return
    if text.startswith("-"):
        raise _no_such(name, text, ": it begins with '-'", _PATH_FORM)
    acting = next((sign for sign in _ACTING if sign in text), None)
    if acting:
        raise _no_such(name, text, f": it holds {acting!r}", _PATH_FORM)


def _refuse_letters(name: str, text: str) -> None:
    """A mark is part of the letter before it: macOS stores an accent so, and Hindi has no other."""
    if name not in _RULES:
        return
    first, following, form = _RULES[name]
    for at, letter in enumerate(text):
        known = re.match(f"[{following if at else first}]", letter)
        if not known and not (at and unicodedata.category(letter) in _JOINED):
            raise _no_such(name, text, f": it holds {letter!r}", form)


def _no_such(name: str, text: str, why: str, form: str) -> UsageError:
    return UsageError(
        f"input {name}: {brief(text)} is no such name{why}", advice=f"allowed: {form}"
    )


def _is_odd(letter: str) -> bool:
    return letter in _BIDI or unicodedata.category(letter) in _NO_LETTER


def _named(letter: str) -> str:
    return {"\n": "a line end", "\r": "a carriage return", "\t": "a tab"}.get(
        letter, f"the control character U+{ord(letter):04X}"
    )
