"""Media that live in this process: the fake that ships, for tests and dry runs."""

from dataclasses import dataclass, field

from agentramp.site.media.port import Begun, MediaError, Sent, UploadGoneError
from agentramp.site.pages.document import Picture


@dataclass
class MemoryMedia:
    """``whole`` has the pictures by address, ``sent`` the size of each part that came."""

    whole: dict[str, bytes] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)
    _parts: dict[str, bytes] = field(default_factory=dict)

    def begin(self, picture: Picture) -> Begun:
        name = picture.sha256[:16]
        url = f"https://memory.invalid/{name}{picture.path.suffix}"
        if url in self.whole:
            return Begun(name, picture.size, url)
        self._parts[name] = b""
        return Begun(name)

    def offset(self, location: str) -> int:
        return len(self._at(location))

    def send(self, location: str, picture: Picture, offset: int, part: bytes) -> Sent:
        there = self._at(location)
        if offset != len(there):
            raise MediaError("the parts do not fit together", again=True)
        self.sent.append(len(part))
        self._parts[location] = there + part
        if len(there) + len(part) < picture.size:
            return Sent(len(there) + len(part))
        url = f"https://memory.invalid/{location}{picture.path.suffix}"
        self.whole[url] = self._parts[location]
        return Sent(picture.size, url)

    def is_gone(self, url: str) -> bool:
        return url not in self.whole

    def forget(self, location: str) -> None:
        """As a site does with an upload that nobody went on with."""
        self._parts.pop(location, None)

    def _at(self, location: str) -> bytes:
        try:
            return self._parts[location]
        except KeyError:
            raise UploadGoneError("there is no such upload") from None
