"""A token of a site for whoever signs in there with a browser.

The protocol is that of @aigne/cli 1.59.0 (createConnect): a session is made, a page is opened with
its id, and asked about until a person has said yes on that page. The site then gives an access key
whose secret is encrypted with CryptoJS's AES; its passphrase comes from the session's challenge and
the key's id by PBKDF2.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from agentramp.credentials.cryptojs import decrypted
from agentramp.errors import RefusedError
from agentramp.exchange import ExchangeError, Letter, Reply, host, post
from agentramp.site.broker.answers import document
from agentramp.site.broker.port import UnreadableError
from agentramp.site.tokens import Token, place

PREFIX: Final = "/.well-known/service"
SESSION: Final = f"{PREFIX}/api/access-key/session"
PAGE: Final = f"{PREFIX}/gen-simple-access-key"
TIMEOUT: Final = 300.0
INTERVAL: Final = 3.0
CALL_SECONDS: Final = 30.0
ROUNDS: Final = 256
_KEY_BYTES: Final = 32
_LONGEST: Final = 1000
_OK: Final = range(200, 300)
_REFUSED: Final = frozenset({400, 401, 403, 404, 410})


class SignInError(RefusedError):
    """Nobody signed in, or what the site gave is no token."""


@dataclass(frozen=True)
class Desk:
    """``show`` shows a person the page to sign in on; ``roles`` is who may (owner, admin)."""

    url: str
    show: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None] = field(repr=False)
    roles: str = ""
    locale: str = "en"
    timeout: float = TIMEOUT

    @property
    def origin(self) -> str:
        return f"{urlsplit(self.url).scheme}://{urlsplit(self.url).netloc}"

    def sign_in(self) -> Token:
        """Raises SignInError, or UsageError for an address that no token may go to."""
        where = place(self.url)
        session = self._begun()
        self.show(self._page(session))
        given = self._given(session)
        secret = _opened(given, where)
        self._ask("DELETE", session)  # where it fails the site forgets it by itself
        return Token(where, secret)

    def _begun(self) -> str:
        reply = self._ask("POST", "")
        if reply is None:
            raise SignInError(f"{host(self.url)} does not answer", advice="check the address")
        if reply.status not in _OK:
            raise SignInError(
                f"{host(self.url)} answers {reply.status} when asked to sign somebody in",
                advice="check that the address is of a site on a Blocklet Server, and run it again",
            )
        session = _said(reply, self.url).get("id")
        if not isinstance(session, str) or not session or not _is_spelt(session):
            raise SignInError(
                f"{host(self.url)} begins no session to sign in with",
                advice="check that the address is of a site on a Blocklet Server",
            )
        return session

    def _page(self, session: str) -> str:
        asked = {
            "__token__": urlsafe_b64encode(session.encode()).decode().rstrip("="),
            "source": "agentramp",
            "closeOnSuccess": "true",
            "cli": "true",
            "appName": "agentramp",
            "locale": self.locale,
        }
        if self.roles:
            asked["required_roles"] = self.roles
        return f"{self.origin}{PAGE}?{urlencode(asked)}"

    def _given(self, session: str) -> Mapping[str, Any]:
        """What the site has once a person said yes."""
        began = self.clock()
        while self.clock() - began < self.timeout:
            self.sleep(INTERVAL)
            reply = self._ask("GET", session)
            if reply is not None and reply.status in _REFUSED:
                raise SignInError(
                    f"{host(self.url)} forgot the session to sign in with ({reply.status})",
                    advice="run it again",
                )
            said = _said(reply, self.url)
            if said.get("accessKeyId") and said.get("accessKeySecret"):
                return said
        raise SignInError(
            f"nobody signed in to {host(self.url)} within {self.timeout:g} s",
            advice="run it again and follow the link, or give a token: agentramp site login"
            " --site URL --from-stdin",
        )

    def _ask(self, method: str, session: str) -> Reply | None:
        """None where no answer came: it is asked again."""
        url = f"{self.origin}{SESSION}" + (f"?sid={quote(session, safe='')}" if session else "")
        try:
            return post(Letter(url, b"", method=method), timeout=CALL_SECONDS)
        except ExchangeError:
            return None


def _said(reply: Reply | None, url: str) -> Mapping[str, Any]:
    """Empty where nothing that makes sense was said."""
    if reply is None or reply.status not in _OK:
        return {}
    try:
        return document(reply.content, host(url))
    except UnreadableError:
        return {}


def _is_spelt(session: str) -> bool:
    """Whether it can stand in an address: JSON can spell what no encoding can."""
    return len(session) <= _LONGEST and session.isprintable()


def _opened(said: Mapping[str, Any], where: str) -> str:
    key, secret, challenge = (
        str(said.get(name) or "") for name in ("accessKeyId", "accessKeySecret", "challenge")
    )
    try:
        made = pbkdf2_hmac("sha512", challenge.encode(), key.encode(), ROUNDS, _KEY_BYTES)
        found = decrypted(secret, made.hex().encode(), f"what {where} gives")
    except (ValueError, IndexError):
        found = ""
    if found.isascii() and found.isprintable() and found:
        return found
    raise SignInError(
        f"what {where} gives cannot be read as a token",
        advice="make an access key on the site's own page and give it: agentramp site login"
        " --site URL --from-stdin",
    )
