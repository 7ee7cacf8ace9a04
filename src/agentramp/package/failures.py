"""What an installer printed when it failed, turned into an error a person can act on."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from agentramp.errors import AgentrampError
from agentramp.package.child import Finished
from agentramp.package.errors import BuildError, RegistryError
from agentramp.package.request import Target

TAIL_LINES = 12
HIDDEN = "***"
LEAST_SECRET = 4
ADDRESS_NAME = re.compile(r"^[\w-]+=(?=\w+://)")
USER_INFO = re.compile(r"(?<=://)[^\s/@'\"`]+@")
QUERY = re.compile(r"(://[^\s?'\"`<>]+\?)[^\s'\"`<>]+")

REFUSED = re.compile(
    r"\b(401|403)\b.{0,40}(?:unauthori[sz]ed|forbidden|client error)|"
    r"(?:unauthori[sz]ed|forbidden).{0,60}\b(?:401|403)\b",
    re.IGNORECASE,
)
UNREACHABLE = re.compile(
    r"failed to fetch|error sending request|request failed after|dns error|connection refused|"
    r"connection reset|timed out|max retries exceeded|name resolution|network is unreachable|"
    r"retrying \(retry|certificate verify failed|invalid peer certificate|5\d\d server error|"
    r"too many 5\d\d error",
    re.IGNORECASE,
)
NOT_THERE = re.compile(
    r"there is no version of (?P<wanted>[^\s,]+)|(?P<name>[\w.-]+) was not found in the"
)
NO_WHEEL = (
    re.compile(r"(?P<wanted>[\w.-]+(?:[=<>!~]=?[^\s,]+)?(?:,[=<>!~]=?[^\s,]+)*) "
               r"has no (?:usable )?wheels"),
    re.compile(r"distribution (?:for|at) `?(?P<wanted>[\w.-]+(?:[=<>!~]=?[^\s`]+)?)`? "
               r"(?:can't be installed|doesn't have a source)"),
    re.compile(r"No matching distribution found for (?P<wanted>[^\s(]+)"),
    re.compile(r"(?P<wanted>[\w.+-]+\.whl) is not a supported wheel"),
)  # fmt: skip
BOX = re.compile(r"[\s\u2500-\u257f\u25b6\u00d7]+")
"""Blanks, and the lines and marks uv draws around its explanation."""


def explain(finished: Finished, target: Target, environ: Mapping[str, str]) -> AgentrampError:
    text = hide_credentials(f"{finished.stdout}\n{finished.stderr}", environ)
    flat = BOX.sub(" ", text)
    tail = "\n".join(line for line in text.splitlines() if line.strip())
    tail = "\n".join(tail.splitlines()[-TAIL_LINES:])
    return _registry_error(flat, tail) or _package_error(flat, tail, target)


def _registry_error(flat: str, tail: str) -> RegistryError | None:
    if REFUSED.search(flat):
        return RegistryError(
            f"the package registry refused the credentials it was given:\n{tail}",
            advice="set the index address with its user and password in PIP_INDEX_URL "
            "(or UV_INDEX_URL for uv)",
        )
    if UNREACHABLE.search(flat):
        return RegistryError(
            f"the package registry could not be reached:\n{tail}",
            advice="check the network and the index settings (PIP_INDEX_URL, UV_INDEX_URL, "
            "proxies), then build again",
        )
    return None


def _package_error(flat: str, tail: str, target: Target) -> BuildError:
    absent = NOT_THERE.search(flat)
    if absent:
        wanted = absent["wanted"] or absent["name"]
        return BuildError(
            f"requirements.txt: the registry has no {wanted}:\n{tail}",
            advice="check the name and the version, and that the index that has it is configured",
        )
    for pattern in NO_WHEEL:
        found = pattern.search(flat)
        if found:
            return _no_wheel(found["wanted"], target, tail)
    return BuildError(
        f"requirements.txt cannot be installed for {target}:\n{tail}",
        advice="mend what the installer names above; agentramp installs wheels only",
    )


def _no_wheel(wanted: str, target: Target, tail: str) -> BuildError:
    return BuildError(
        f"requirements.txt: {wanted} has no wheel for {target} "
        f"(nothing is compiled during a build):\n{tail}",
        advice="pin a version that has such a wheel; or put a wheel of your own beside "
        "requirements.txt and add the line --find-links . to it; or deploy a container image",
    )


def hide_credentials(text: str, environ: Mapping[str, str]) -> str:
    """Take user names, passwords and query strings out of addresses, wherever they came from."""
    for secret in sorted(_secrets(environ), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return QUERY.sub(rf"\g<1>{HIDDEN}", USER_INFO.sub(f"{HIDDEN}@", text))


def _secrets(environ: Mapping[str, str]) -> set[str]:
    """Passwords in index and proxy addresses, and what installers take as a password."""
    found: set[str] = set()
    for name, value in environ.items():
        if "INDEX" in name or "LINKS" in name or name.upper().endswith("_PROXY"):
            found |= {_password(address) for address in value.split()}
        if name.startswith("UV_") and name.endswith(("_PASSWORD", "_TOKEN")):
            found.add(value)
    return {secret for secret in found if len(secret) >= LEAST_SECRET}


def _password(address: str) -> str:
    """Also where a name stands before it: ``private=https://…``."""
    try:
        return urlsplit(ADDRESS_NAME.sub("", address)).password or ""
    except ValueError:
        return ""
