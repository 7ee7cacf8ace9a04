"""Reads HTTP/1.1 responses from bytes as they come; does no I/O (RFC 9112)."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

_HEAD_MAX = 64 * 1024
_LINE_MAX = 4096
_SWITCHING = 101
_OK = 200
_NO_BODY = frozenset({204, 304})


class MalformedError(Exception):
    """The bytes are no HTTP response, or they end in the middle of one."""


@dataclass(frozen=True)
class Head:
    """Header names as they came; values without surrounding blanks."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    persistent: bool
    length: int | None = None
    chunked: bool = False


class _Body(Protocol):
    done: bool

    def feed(self, data: bytes) -> bytes: ...
    def end(self) -> None: ...


@dataclass
class _Counted:
    left: int
    done: bool = False

    def __post_init__(self) -> None:
        self.done = self.left == 0

    def feed(self, data: bytes) -> bytes:
        if len(data) > self.left:
            raise MalformedError("more bytes than Content-Length says")
        self.left -= len(data)
        self.done = self.left == 0
        return data

    def end(self) -> None:
        raise MalformedError(f"the connection ended {self.left} bytes before the body did")


@dataclass
class _UntilClose:
    done: bool = False

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> None:
        self.done = True


@dataclass
class _Chunked:
    """``expects`` is what comes next; ``left`` counts the bytes missing of an open chunk."""

    done: bool = False
    expects: Literal["size", "data", "line end", "trailer"] = "size"
    left: int = 0
    rest: bytes = b""

    def feed(self, data: bytes) -> bytes:
        data = self.rest + data
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not self.done:
            if self.expects == "data":
                parts.append(data[at : at + self.left])
                at += len(parts[-1])
                self.left -= len(parts[-1])
                self.expects = "data" if self.left else "line end"
                continue
            stop = data.find(b"\r\n", at)
            if stop < 0:
                break
            self._line(data[at:stop])
            at = stop + len(b"\r\n")
        self.rest = data[at:]
        self._check_rest()
        return b"".join(parts)

    def _line(self, line: bytes) -> None:
        if self.expects == "trailer":
            self.done = not line
        elif self.expects == "size":
            self.left = _chunk_size(line)
            self.expects = "data" if self.left else "trailer"
        elif line:
            raise MalformedError("a chunk is longer than its size says")
        else:
            self.expects = "size"

    def _check_rest(self) -> None:
        if self.done and self.rest:
            raise MalformedError("bytes after the end of the response")
        if len(self.rest) > _LINE_MAX:
            raise MalformedError("a line between two chunks is too long")

    def end(self) -> None:
        raise MalformedError("the connection ended before the last chunk")


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise MalformedError("a chunk has no size")
    return int(digits, 16)


@dataclass
class ResponseReader:
    """Reads one response; ``to_head`` says that the request's method was HEAD."""

    to_head: bool = False
    head: Head | None = None
    body: _Body | None = None
    buffer: bytes = b""
    parts: list[bytes] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.body is not None and self.body.done

    def feed(self, data: bytes) -> None:
        """Take ``data``; what it holds of the body is appended to ``parts``."""
        if self.body is None:
            data = self._feed_head(data)
        if data and self.body is not None:
            if self.body.done:
                raise MalformedError("bytes after the end of the response")
            part = self.body.feed(data)
            if part:
                self.parts.append(part)

    def end(self) -> None:
        """The connection ended; raises MalformedError unless that ends the body."""
        if self.body is None:
            raise MalformedError("the connection ended before there was a response")
        if not self.body.done:
            self.body.end()

    def _feed_head(self, data: bytes) -> bytes:
        """Returns the bytes behind the head, once it is complete."""
        rest = self.buffer + data
        while self.body is None:
            text, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self.buffer = text
                if len(text) > _HEAD_MAX:
                    raise MalformedError("the response's head is too long")
                return b""
            head = parse_head(text)
            if head.status >= _OK:
                self.head = head
                self.body = self._framing(head)
                self.buffer = b""
            elif head.status == _SWITCHING:
                raise MalformedError("the agent switched to a protocol nobody asked for")
        return rest

    def _framing(self, head: Head) -> _Body:
        if self.to_head or head.status in _NO_BODY:
            return _Counted(0)
        if head.chunked:
            return _Chunked()
        if head.length is not None:
            return _Counted(head.length)
        return _UntilClose()


def parse_head(text: bytes) -> Head:
    first, *lines = text.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    code, _, reason = rest.partition(b" ")
    if version not in {b"HTTP/1.1", b"HTTP/1.0"} or not (
        len(code) == len("200") and code.isdigit()
    ):
        raise MalformedError("the first line is no HTTP status line")
    headers = tuple(_header(line) for line in lines)
    connection = set(_tokens(headers, "connection"))
    keeps = "close" not in connection and (version == b"HTTP/1.1" or "keep-alive" in connection)
    codings = _tokens(headers, "transfer-encoding")
    if codings and codings != ["chunked"]:
        raise MalformedError(f"unknown transfer coding {', '.join(codings)}")
    return Head(
        int(code), _decode(reason.strip()), headers, keeps, _length(headers), codings == ["chunked"]
    )


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name != name.strip() or b"\n" in line or b"\r" in line:
        raise MalformedError(f"not a header: {line[:80]!r}")
    return name.decode("latin-1"), _decode(value.strip(b" \t"))


def _decode(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _tokens(headers: tuple[tuple[str, str], ...], wanted: str) -> list[str]:
    values = [value for name, value in headers if name.lower() == wanted]
    return [
        token.strip().lower() for value in values for token in value.split(",") if token.strip()
    ]


def _length(headers: tuple[tuple[str, str], ...]) -> int | None:
    values = set(_tokens(headers, "content-length"))
    if not values:
        return None
    text = values.pop()
    if values or not (text.isascii() and text.isdigit()):
        raise MalformedError("Content-Length is not one number")
    return int(text)
