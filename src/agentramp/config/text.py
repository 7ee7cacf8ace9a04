"""Bytes of a file a person wrote → its text, or the one reason why it is none."""

import re
from typing import Final

from agentramp.diagnostics import ConfigError, Diagnostic, Position

MAX_BYTES: Final = 1024 * 1024

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
# All that YAML forbids but lone surrogates, which cannot come out of UTF-8. Listed, since the
# complement is a set of 65,000 characters that takes longer to compile than a file to read.
_FORBIDDEN: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|\ufffe|\uffff")


def decode(data: bytes, file: str) -> str:
    """Raise ConfigError where this is not UTF-8 text of at most ``MAX_BYTES``."""
    if len(data) > MAX_BYTES:
        raise too_large(file)
    if data.startswith(_WIDE_MARKS) or _looks_wide(data):
        raise _unreadable(file, data, 0, "this is UTF-16 or UTF-32 text; save the file as UTF-8")
    data = data.removeprefix(_UTF8_MARK)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        what = f"byte {data[error.start]:#04x} is not UTF-8"
        advice = "the file is binary or has another encoding; save it as UTF-8"
        raise _unreadable(file, data, error.start, f"{what}; {advice}") from error
    bad = _FORBIDDEN.search(text)
    if bad:
        what = f"control character U+{ord(bad.group()):04X} is not allowed"
        advice = "the file is binary or was damaged by a copy; remove the character"
        raise _unreadable(file, data, len(text[: bad.start()].encode()), f"{what}; {advice}")
    return text


def too_large(file: str) -> ConfigError:
    limit = f"{MAX_BYTES // 1024**2} MiB"
    message = f"the file is larger than {limit}; a configuration is not: is this the right file?"
    return ConfigError([Diagnostic(Position(file, 1, 1), "", message, "size")])


def _looks_wide(data: bytes) -> bool:
    """Tell text of two bytes per character from other binary: half of its start is zeros."""
    start = data[:64]
    has_two_characters = len(start) >= 4  # noqa: PLR2004 - of two bytes each
    return has_two_characters and (not any(start[1::2]) or not any(start[::2]))


def _unreadable(file: str, data: bytes, offset: int, message: str) -> ConfigError:
    before = data[:offset]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    where = f" (byte {offset + 1} of the file)" if offset else ""
    return ConfigError(
        [Diagnostic(Position(file, line, column), "", f"{message}{where}", "encoding")]
    )
