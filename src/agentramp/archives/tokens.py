"""Who is shown a token, and how GitHub gives out private archives.

https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar answers with a
redirect to another host, whose address carries a token of its own for five minutes, so ours need
not follow it there. The pages at github.com/OWNER/REPO/archive take no token: they answer 404 for
a private repository.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from agentramp.exchange import check_token

GITHUB_HOSTS: Final = frozenset({"github.com", "api.github.com", "codeload.github.com"})
_API: Final = "https://api.github.com/repos"
_REPOSITORY: Final = r"https://{host}/([\w.-]+)/([\w.-]+)/"
_ARCHIVE: Final = re.compile(
    _REPOSITORY.format(host=r"github\.com") + r"archive/([^?]+?)\.(tar\.gz|tgz|zip)"
)
_CODELOAD: Final = re.compile(
    _REPOSITORY.format(host=r"codeload\.github\.com") + r"(?:legacy\.)?(tar\.gz|zip)/([^?]+)"
)
_ASSET: Final = re.compile(r"https://api\.github\.com/repos/[^/]+/[^/]+/releases/assets/\d+")


def private(url: str) -> str | None:
    """Where the same archive is to be had with a token, if ``url`` is one that takes none."""
    if match := _ARCHIVE.fullmatch(url):
        owner, name, revision, kind = match.groups()
    elif match := _CODELOAD.fullmatch(url):
        owner, name, kind, revision = match.groups()
    else:
        return None
    return f"{_API}/{owner}/{name}/{'zipball' if kind == 'zip' else 'tarball'}/{revision}"


@dataclass(frozen=True)
class Token:
    """Shown to these hosts alone (``host`` or ``host:port``), where they are asked first."""

    secret: str = field(repr=False)
    hosts: frozenset[str] = GITHUB_HOSTS
    elsewhere: Callable[[str], str | None] = field(default=private, repr=False)
    """Where an archive that a page hides is to be had with the token; None where nowhere."""

    def __post_init__(self) -> None:
        check_token(self.secret, "GITHUB_TOKEN")

    def shown_to(self, url: str) -> str | None:
        return self.secret if urlsplit(url).netloc in self.hosts else None


def accepted(url: str) -> str:
    """The API gives an asset of a release itself, and not its description, where it is asked so."""
    return "application/octet-stream" if _ASSET.fullmatch(url) else "*/*"
