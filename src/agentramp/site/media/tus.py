"""Media Kit's uploads: TUS 1.0.0, with the headers by which it names what is sent.

The name is the picture's digest, so the same picture is never there twice, and of one that is whole
the answer to its announcement is its address. Source: @aigne/publish-docs 0.14.3 for the requests,
@blocklet/uploader-server 0.3.19 for the answers.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

from agentramp.exchange import ExchangeError, Letter, Reply, host, post
from agentramp.site.access import Access
from agentramp.site.media.port import Begun, MediaError, Sent, UploadGoneError
from agentramp.site.pages.document import Picture

SENT_FOR: Final = "z8ia1WEiBZ7hxURf6LwH21Wpg99vophFwSJdu"
"""Discuss Kit's DID: on whose behalf the picture is sent."""
ASK_SECONDS, PART_SECONDS = 30.0, 300.0
_VERSION: Final = "1.0.0"
_UPLOADER: Final = "Uploader"
_LONGEST: Final = 2048
_NAMED: Final = 16
_DONE: Final = frozenset({200, 201, 204})
_AGAIN: Final = frozenset({408, 409, 423, 429, 500, 502, 503, 504})
_GONE: Final = frozenset({404, 410})
_SERVER_ERRORS: Final = 500


@dataclass(frozen=True)
class TusMedia:
    """``mount_point`` is where Media Kit lies on its site, empty for the top."""

    origin: str
    mount_point: str
    access: Access = field(repr=False)

    @property
    def url(self) -> str:
        return f"{self.origin}{self.mount_point}/api/uploads"

    def begin(self, picture: Picture) -> Begun:
        headers = {"Upload-Length": str(picture.size), "Upload-Metadata": _metadata(picture)}
        reply = self._ask("POST", self.url, {**headers, **self._named(picture)})
        if reply.status in _GONE:
            raise MediaError(
                f"{host(self.url)} takes no uploads at {urlsplit(self.url).path} ({reply.status})",
                advice="usual cause: Media Kit is stopped, or was just removed from the site",
            )
        self._check(reply, picture.name)
        location = reply.headers.get("location", "")
        url = self._address(reply)
        if not location and not url:
            raise self._odd(f"took {picture.name}, and does not say where it is")
        there = self._there(location) if location else ""
        if there and not self._is_own(there):
            raise self._odd(f"wants {picture.name} sent to {host(there)}")
        return Begun(there, picture.size if url else 0, url)

    def offset(self, location: str) -> int:
        if not self._is_own(location):  # remembered, and by now of no use
            raise UploadGoneError("the upload was begun at another place")
        reply = self._ask("HEAD", location, {})
        self._check(reply, "an upload")
        return self._offset(reply, "an upload")

    def send(self, location: str, picture: Picture, offset: int, part: bytes) -> Sent:
        headers = {"Upload-Offset": str(offset), "x-uploader-file-exist": "true"}
        reply = self._ask("PATCH", location, {**headers, **self._named(picture)}, part)
        self._check(reply, picture.name)
        end = offset + len(part)
        url = self._address(reply) if end >= picture.size else ""
        if url or (end >= picture.size and "upload-offset" not in reply.headers):
            return Sent(end, url)
        return Sent(self._offset(reply, picture.name))

    def is_gone(self, url: str) -> bool:
        """No token: whoever reads the page has none either."""
        if not is_address(url):
            return True
        try:
            letter = Letter(urljoin(self.url, url), b"", method="HEAD")
            status = post(letter, timeout=ASK_SECONDS).status
        except (ExchangeError, ValueError):
            return True  # announced again, a site that has it says so without having it sent
        return status in _GONE or status >= _SERVER_ERRORS

    def _ask(self, method: str, url: str, more: Mapping[str, str], content: bytes = b"") -> Reply:
        cookie = f"login_token={self.access.sent_to(url)}"
        headers = {"Tus-Resumable": _VERSION, "Cookie": cookie, **more}
        kind = "application/offset+octet-stream"
        letter = Letter(url, content, content_type=kind, headers=headers, method=method)
        try:
            return post(letter, timeout=PART_SECONDS if content else ASK_SECONDS)
        except ExchangeError as error:
            raise MediaError(error.message, advice=error.advice, again=True) from error

    def _named(self, picture: Picture) -> dict[str, str]:
        name = _file_name(picture)
        plain = re.sub(r"[^a-z0-9]", "", picture.path.stem.lower())
        return {
            "x-uploader-file-name": name,
            "x-uploader-file-id": f"{_UPLOADER}-{plain}-{picture.sha256[:_NAMED]}",
            "x-uploader-file-ext": picture.path.suffix.lower().lstrip("."),
            "x-uploader-base-url": f"{self.mount_point}/api/uploads",
            "x-uploader-endpoint-url": self.url,
            "x-uploader-metadata": json.dumps(_told(picture)),
            "x-component-did": SENT_FOR,
        }

    def _check(self, reply: Reply, name: str) -> None:
        if reply.status in _DONE:
            return
        if reply.status in _GONE:
            raise UploadGoneError(f"{host(self.url)} does not know the upload of {name} any more")
        if reply.status in {401, 403}:
            raise MediaError(
                f"{host(self.url)} does not let this token upload pictures ({reply.status})",
                advice="usual cause: the token ended, or its user may not upload; make a new one",
            )
        raise MediaError(
            f"{host(self.url)} did not take {name}: HTTP {reply.status}",
            advice="usual cause: the picture is larger than the site allows, or of another kind",
            again=reply.status in _AGAIN,
        )

    def _offset(self, reply: Reply, name: str) -> int:
        said = reply.headers.get("upload-offset", "")
        if not re.fullmatch(r"\d{1,15}", said):
            raise self._odd(f"does not say how much of {name} it has")
        return int(said)

    def _address(self, reply: Reply) -> str:
        """Empty where the answer has none."""
        try:
            said = json.loads(reply.content) if reply.content else {}
        except (ValueError, RecursionError):
            return ""
        url = said.get("url") if isinstance(said, dict) else None
        if not url:
            return ""
        if not isinstance(url, str) or not is_address(url):
            raise self._odd("gave an address of a picture that is none")
        return url

    def _there(self, location: str) -> str:
        """A site behind a proxy that ends TLS may call itself http: it is asked as before."""
        there, own = urlsplit(urljoin(self.url, location)), urlsplit(self.url)
        scheme = own.scheme if there.netloc == own.netloc else there.scheme
        return there._replace(scheme=scheme).geturl()

    def _is_own(self, location: str) -> bool:
        return urlsplit(location)[:2] == urlsplit(self.url)[:2]

    def _odd(self, what: str) -> MediaError:
        return MediaError(
            f"{host(self.url)} {what}", advice="usual cause: what answers there is no Media Kit"
        )


def is_address(url: str) -> bool:
    """Whether a page can show ``url``: a web address, or one on the same site."""
    plain = len(url) <= _LONGEST and url.isprintable() and not re.search(r'[\s"<>\\]', url)
    return plain and re.match(r"https?://[^/]|/[^/]", url) is not None


def _file_name(picture: Picture) -> str:
    return f"{picture.sha256[:_NAMED]}{picture.path.suffix.lower()}"


def _told(picture: Picture) -> dict[str, str]:
    name = _file_name(picture)
    return {"uploaderId": _UPLOADER, "relativePath": name, "name": name, "type": picture.kind}


def _metadata(picture: Picture) -> str:
    told = {**_told(picture), "filetype": picture.kind, "filename": _file_name(picture)}
    return ",".join(f"{name} {b64encode(text.encode()).decode()}" for name, text in told.items())
