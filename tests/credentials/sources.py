"""A token service that answers as a test says, and what the tests of this room give their sources.

Every value that must never be told holds ``SECRET``.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from agentramp.credentials.chain import Chain
from agentramp.credentials.named import Drawer
from agentramp.credentials.port import Lent
from agentramp.credentials.sts import TokenService
from agentramp.platform.agentrun.signing import Credentials
from tests.evidence.servers import Said

SECRET = "hush-hush-it"
ACCOUNT = "1234567890123456"
ROLE = f"acs:ram::{ACCOUNT}:role/deployer"
PROVIDER = f"acs:ram::{ACCOUNT}:oidc-provider/github"
ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:acme/agent:environment:production"
SUBJECT_WITH_IDS = "repo:acme@123456/agent@456789:environment:production"
"""Of a repository that was created, renamed or transferred after 2026-07-15."""
NOW = 1_800_000_000.0
KEY = Credentials("LTAI-id", SECRET)


def jwt(**claims: Any) -> str:
    said = {"iss": ISSUER, "aud": "sts.aliyuncs.com", "sub": SUBJECT, **claims}
    parts = ({"alg": "RS256"}, said)
    texts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*texts, SECRET])


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def issued(number: int = 1, until: float = NOW + 3600) -> dict[str, str]:
    return {
        "AccessKeyId": f"STS.{number}",
        "AccessKeySecret": SECRET,
        "SecurityToken": f"token-{number}-{SECRET}",
        "Expiration": moment(until),
    }


def lent(number: int = 1, until: float = NOW + 3600) -> Lent:
    said = issued(number, until)
    key = Credentials(said["AccessKeyId"], said["AccessKeySecret"], said["SecurityToken"])
    return Lent(key, until)


def told(document: object, status: int = 200) -> Said:
    return Said(status, json.dumps(document).encode())


def refused(code: str, message: str = "no", status: int = 400) -> Said:
    return told({"RequestId": "r", "Code": code, "Message": message, "HostId": "h"}, status)


@dataclass
class Clock:
    now: float = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now


def service(url: str = "https://sts.invalid", clock: Clock | None = None) -> TokenService:
    clock = clock or Clock()
    numbers = iter(range(10_000))
    return TokenService(url, clock, clock.slept.append, lambda: f"nonce-{next(numbers)}")


def no_ring() -> None:
    """This machine has no keyring."""


def chain(
    home: Path, environ: Mapping[str, str], ring: Callable[[], Any] = no_ring, **more: Any
) -> Chain:
    return Chain(environ, Drawer(home / "access.json", ring), service(), **more)
