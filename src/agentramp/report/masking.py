"""Secrets as GitHub is told of them, so that its log shows asterisks in their place.

``::add-mask::`` of "Workflow commands for GitHub Actions". A runner masks what it finds, letter for
letter and line by line, so each form is told in which a secret may come out again.

It also drops each output of a job that has a masked text somewhere in it, with a warning only. To
mask a word would so take away what the next job lives on: ``true`` takes ``changed``, the agent's
name takes its package. ``is_plain`` is the rule of what is therefore never masked by itself.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from agentramp.report.github.escaping import data

SHORTEST: Final = 8
"""Characters: to mask less would blacken the log, and hide no secret worth the name."""
_APART: Final = re.compile(r"[-_./:,=&?@\s]+")
_LONGEST_WORD: Final = 20
"""Letters: more in a row may be a token that happens to have no digit."""
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NUMBERED: Final = re.compile(r"\d{1,4}|[A-Za-z]+\d{1,2}|\d{1,3}[A-Za-z]")
_NUMBER: Final = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?")
_LOGIN: Final = re.compile(r"//[^/\s]*@")
_DIGITS: Final = 1 / 3
"""The most that may be digits, of all letters and digits."""


def is_plain(text: str) -> bool:
    """Whether ``text`` can hardly be a secret: short, a number, a boolean, or words.

    Words are letters alone, such as ``production`` or ``Be brief and polite``. They are joined as
    in an address, a region or a model's name, and there a piece may have a few digits (``v1``,
    ``qwen2.5-72b-instruct``). A word alone with a digit in it looks like a password. An address is
    plain only without a login, and a key in it is a piece that is no word.
    """
    text = text.strip()
    if len(text) < SHORTEST or _NUMBER.fullmatch(text):
        return True
    pieces = [piece for piece in _APART.split(text) if piece]
    words = [piece for piece in pieces if _WORD.fullmatch(piece) and len(piece) <= _LONGEST_WORD]
    others = [piece for piece in pieces if not _WORD.fullmatch(piece)]
    if len(words) + len(others) < len(pieces) or not words or _LOGIN.search(text):
        return False
    digits, told = sum(map(str.isdigit, text)), sum(map(len, pieces))
    return all(map(_NUMBERED.fullmatch, others)) and digits <= told * _DIGITS


def command(form: str) -> str:
    return f"::add-mask::{data(form)}"


def forms(secret: str) -> list[str]:
    """What of ``secret`` is masked, the plain one first."""
    return [form for form in dict.fromkeys(_forms(secret)) if len(form) >= SHORTEST]


def _forms(secret: str) -> Iterator[str]:
    whole = secret.strip()
    lines = whole.splitlines()
    # GitHub masks line by line; a plain one among several would be a word of the log everywhere.
    yield from (line.strip() for line in lines if len(lines) == 1 or not is_plain(line))
    if len(whole) < SHORTEST:
        return
    code = whole.encode("utf-8", "surrogateescape")
    for told in {whole: code, secret: secret.encode("utf-8", "surrogateescape")}.values():
        # Without its padding, which more text behind the secret would change.
        yield base64.b64encode(told).decode().rstrip("=")
        yield base64.urlsafe_b64encode(told).decode().rstrip("=")
    yield quote(code, safe="")
    yield quote(code)
    yield quote_plus(code)
    yield json.dumps(whole)[1:-1]
    yield json.dumps(whole, ensure_ascii=False)[1:-1]
