"""A token goes to its own host, whoever asks; and where each one is found."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_IMODE

import pytest

from agentramp.errors import UsageError
from agentramp.site.tokens import SERVICE, VENDOR_SERVICES, Keeper, Token, of_environment, place

SECRET = "blkt-hush"
SITE = "https://docs.example.com"


@dataclass
class MemoryRing:
    held: dict[tuple[str, str], str] = field(default_factory=dict)

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.held.pop((service, username), None)


def keeper(folder: Path, ring: MemoryRing | None = None) -> Keeper:
    return Keeper(folder / "tokens.json", lambda: ring, folder)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://docs.example.com", "docs.example.com:443"),
        ("https://DOCS.example.com./a/b?c", "docs.example.com:443"),
        ("https://docs.example.com:8443", "docs.example.com:8443"),
        ("http://127.0.0.1:8090/x", "127.0.0.1:8090"),
        ("http://[::1]:9", "[::1]:9"),
        ("http://localhost", "localhost:80"),
    ],
)
def test_a_place_is_a_host_and_a_port(url: str, found: str) -> None:
    assert place(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "http://docs.example.com",
        "ftp://docs.example.com",
        "docs.example.com",
        "https://me:pass@docs.example.com",
        "https://me@docs.example.com",
        "https://docs.example.com:99999",
        "https://docs.example.com:x",
        "https://[",
        "",
    ],
)
def test_no_token_goes_there(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        place(url)
    assert "pass" not in str(caught.value)
    with pytest.raises(UsageError):
        Token.of(SITE, SECRET).sent_to(url)


@pytest.mark.parametrize(
    "other",
    [
        "https://docs.example.com:8443",
        "https://example.com",
        "https://docs.example.com.evil.example",
        "https://evil.example/docs.example.com",
        "http://127.0.0.1",
    ],
)
def test_a_token_is_sent_to_its_place_alone(other: str) -> None:
    token = Token.of(f"{SITE}/a", f" {SECRET}\n")
    assert token.sent_to(f"{SITE}/other?x") == SECRET
    assert SECRET not in repr(token)
    with pytest.raises(UsageError, match="is not sent to") as caught:
        token.sent_to(other)
    assert SECRET not in str(caught.value) + caught.value.advice


@pytest.mark.parametrize("secret", ["", " ", "a\nb", "ü"])
def test_what_no_header_holds_is_no_token(secret: str) -> None:
    with pytest.raises(UsageError):
        Token.of(SITE, secret)


@pytest.mark.parametrize(
    ("environ", "asked", "found"),
    [
        ({}, SITE, None),
        ({"DOC_SMITH_PUBLISH_ACCESS_TOKEN": ""}, SITE, None),
        ({"DOC_SMITH_PUBLISH_ACCESS_TOKEN": "a"}, SITE, Token.of(SITE, "a")),
        ({"DOC_DISCUSS_KIT_ACCESS_TOKEN": "b"}, SITE, Token.of(SITE, "b")),
        (
            {"DOC_DISCUSS_KIT_ACCESS_TOKEN": "b", "DOC_SMITH_PUBLISH_ACCESS_TOKEN": "a"},
            SITE,
            Token.of(SITE, "a"),
        ),
        (
            {"DOC_DISCUSS_KIT_ACCESS_TOKEN": "b", "DOC_DISCUSS_KIT_URL": "https://o.example"},
            SITE,
            Token.of("https://o.example", "b"),
        ),
    ],
)
def test_the_environment_s_token_is_of_one_site(
    environ: Mapping[str, str], asked: str, found: Token | None
) -> None:
    assert of_environment(environ, asked) == found


@pytest.mark.parametrize("ring", [None, MemoryRing()])
def test_kept_found_and_forgotten(tmp_path: Path, ring: MemoryRing | None) -> None:
    kept = keeper(tmp_path, ring)
    token, other = Token.of(SITE, SECRET), Token.of(f"{SITE}:8443", "other")
    assert kept.find(SITE) is None
    assert kept.keep(token) == ("file" if ring is None else "keyring")
    kept.keep(other)
    assert S_IMODE(kept.path.stat().st_mode) == 0o600
    assert (SECRET in kept.path.read_text()) == (ring is None)
    assert (kept.find(f"{SITE}/x"), kept.find(f"{SITE}:8443")) == (token, other)
    assert kept.find("https://example.com") is None
    kept.keep(Token.of(SITE, "newer"), in_file=True)
    assert kept.find(SITE) == Token.of(SITE, "newer")
    assert kept.forget(SITE)
    assert not kept.forget(SITE)
    assert kept.find(SITE) is None
    assert kept.find(f"{SITE}:8443") == other


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    kept.keep(Token.of(SITE, SECRET))
    kept.path.chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        kept.find(SITE)


@pytest.mark.parametrize("service", VENDOR_SERVICES)
def test_what_the_vendor_s_tool_keeps_in_the_keyring_is_read(tmp_path: Path, service: str) -> None:
    said = json.dumps({"DOC_DISCUSS_KIT_ACCESS_TOKEN": SECRET})
    ring = MemoryRing({(service, "docs.example.com"): said})
    kept = keeper(tmp_path, ring)
    assert kept.find(SITE) == Token.of(SITE, SECRET)
    assert kept.find(f"{SITE}:8443") is None
    kept.keep(Token.of(SITE, "ours"))
    assert kept.find(SITE) == Token.of(SITE, "ours")
    for odd in ("", "x", "[]", "{}", '{"DOC_DISCUSS_KIT_ACCESS_TOKEN": 7}'):
        assert keeper(tmp_path / "o", MemoryRing({(service, "docs.example.com"): odd})).find(
            SITE
        ) is (None)


def test_what_the_vendor_s_tool_keeps_in_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / ".aigne" / "doc-smith-connected.yaml"
    path.parent.mkdir()
    path.write_text(f"docs.example.com:\n  DOC_DISCUSS_KIT_ACCESS_TOKEN: {SECRET}\n")
    assert keeper(tmp_path).find(SITE) == Token.of(SITE, SECRET)
    assert keeper(tmp_path).find("https://example.com") is None
    assert keeper(tmp_path).find(f"{SITE}:8443") is None
    for odd in ("", "{", "- a", "docs.example.com: x", "docs.example.com: {a: b}", "\0"):
        path.write_text(odd)
        assert keeper(tmp_path).find(SITE) is None


def test_the_keyring_library_with_a_backend_that_is_a_file(tmp_path: Path) -> None:
    """Chosen as its users choose it: by the environment. The token is in that file alone."""
    environ = {
        **os.environ,
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "AGENTRAMP_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
    }
    told = _site(environ, SECRET, "login", "--site", SITE, "--from-stdin")
    assert "(keyring)" in told
    ours = (tmp_path / "home" / "site-tokens.json").read_text()
    assert json.loads(ours) == {"docs.example.com:443": {"kept": "keyring"}}
    backend = next((tmp_path / "data").rglob("keyring_pass.cfg")).read_text()
    assert SERVICE.replace("-", "_2D") in backend
    assert SECRET not in told + ours
    assert "is forgotten" in _site(environ, "", "logout", "--site", SITE)
    assert SERVICE not in next((tmp_path / "data").rglob("keyring_pass.cfg")).read_text()


def _site(environ: Mapping[str, str], text: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "agentramp", "site", *words],
        env=environ,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
