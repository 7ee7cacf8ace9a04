"""A repository that is not this one, released by act: its remote, its platform, its identity.

``Consumer`` is made from any folder with an s.yaml, such as an example. Its origin is on GitHub,
as a consumer's is, and git sends what goes there to a bare repository of the test's. Jobs have no
key: they ask a token service on loopback who they are, and the embedded platform lends them a role.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from agentramp.local.daemon import Server
from tests.actions.act import IDENTITY, Act, Run, git
from tests.actions.prepared import prepare
from tests.credentials.sources import ISSUER, jwt, told
from tests.evidence.servers import Received, serving
from tests.local.client import Control

STUBS = Path(__file__).parent / "stubs"
REPOSITORY = "acme/shop"
SUBJECT = f"repo:{REPOSITORY}:environment:production"
NOWHERE = "http://127.0.0.1:9"
"""Where nobody listens."""
AUDIENCE = "sts.aliyuncs.com"
PINNED = re.compile(r"\buses: +((?:actions|docker)/([\w-]+)@[0-9a-f]{40})")
LEFT_OUT = shutil.ignore_patterns(".agentramp", "__pycache__", ".env", ".git")


class Platform(Protocol):
    """What act gives each job as environment, and what the repository has set under Variables."""

    @property
    def environ(self) -> Mapping[str, str]: ...
    @property
    def variables(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Keyless:
    """The embedded platform for a job without a key; ``environ`` is what act gives each job."""

    server: Server
    environ: Mapping[str, str]
    variables: Mapping[str, str]
    """What the repository has set under Settings, Variables."""
    asked: Sequence[Received]
    """The requests for an identity token so far."""


@contextlib.contextmanager
def keyless(server: Server, subject: str = SUBJECT) -> Iterator[Keyless]:
    """Registers a provider and a role that ``subject`` alone may take on."""
    account = f"acs:ram::{server.account_id}"
    provider, role = f"{account}:oidc-provider/github", f"{account}:role/agentramp"
    control = Control(server)
    about = {"arn": provider, "issuer": ISSUER, "audience": AUDIENCE}
    assert control.call("PUT", "/agentramp/oidc-providers", about).status == 200
    trust = {"arn": role, "trustPolicy": _policy(provider, subject)}
    assert control.call("PUT", "/agentramp/roles", trust).status == 200
    with serving(lambda _: told({"value": _token(subject)})) as github:
        yield Keyless(
            server,
            {
                "AGENTRUN_CONTROL_ENDPOINT": server.control_url,
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-job-s-own",
            },
            {"ALIBABA_CLOUD_ROLE_ARN": role, "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": provider},
            github.received,
        )


def _policy(provider: str, subject: str) -> dict[str, Any]:
    conditions = {"oidc:iss": ISSUER, "oidc:aud": AUDIENCE, "oidc:sub": subject}
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [provider]},
        "Condition": {"StringEquals": conditions},
    }
    return {"Version": "1", "Statement": [statement]}


def _token(subject: str) -> str:
    now = int(time.time())
    return jwt(sub=subject, iat=now, exp=now + 300)


@dataclass(frozen=True)
class Consumer:
    """``folder`` is the working tree, ``bare`` what its pushes to GitHub reach.

    ``artifacts`` has a folder for each uploaded artifact, and the lines of ``attested``.
    """

    folder: Path
    bare: Path
    artifacts: Path
    act: Act = field(repr=False)

    @classmethod
    def of(cls, project: Path, within: Path, act: Act, platform: Platform) -> "Consumer":
        """A repository made of ``project`` and its workflows, in ``within``, which must be new.

        ``act`` and ``platform`` are what its workflows run on. GitHub's API is out of order until
        ``on`` gives another GITHUB_API_URL.
        """
        folder, bare, artifacts = within / "shop", within / "shop.git", within / "artifacts"
        artifacts.mkdir(parents=True)
        shutil.copytree(project, folder, ignore=LEFT_OUT)
        prepare(folder)
        git(within, "init", "-q", "--bare", str(bare))
        git(folder, "init", "-q", "-b", "main")
        origin = f"https://github.com/{REPOSITORY}.git"
        git(folder, "remote", "add", "origin", origin)
        git(folder, "config", f"url.{bare}.insteadOf", origin)
        environ = {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REPOSITORY_OWNER": REPOSITORY.partition("/")[0],
            "GITHUB_API_URL": NOWHERE,
            "ARTIFACTS": str(artifacts),
            **platform.environ,
        }
        runner = replace(
            act, jobs=environ, variables=platform.variables, served=_stubs(folder, act.release)
        )
        made = cls(folder, bare, artifacts, runner)
        made.commits("An agent")
        return made

    def on(self, secrets: Mapping[str, str] | None = None, **environ: str) -> "Consumer":
        """The same repository, its jobs with more in their environment, and with ``secrets``."""
        act = replace(
            self.act,
            jobs={**self.act.jobs, **environ},
            secrets={**self.act.secrets, **(secrets or {})},
        )
        return replace(self, act=act)

    def commits(self, message: str) -> str:
        """All that stands there as one commit, pushed; gives its id."""
        git(self.folder, "add", "-A")
        git(self.folder, *IDENTITY, "commit", "-q", "--allow-empty", "-m", message)
        git(self.folder, "push", "-q", "origin", "main")
        return git(self.folder, "rev-parse", "HEAD").strip()

    def runs(self, workflow: str, *, event: str = "workflow_dispatch", **inputs: str) -> Run:
        """``workflow`` is the name of a file in .github/workflows, without ``.yml``."""
        return self.act(self.folder, workflow, event=event, **inputs)

    def history(self, runtime: str, endpoint: str, region: str) -> list[str]:
        """The subjects of the journal's commits, the oldest first, as ``git log`` tells them."""
        ref = f"refs/agentramp/{region}/{runtime}/{endpoint}"
        return git(self.bare, "log", "--reverse", "--format=%s", ref).splitlines()


def _stubs(project: Path, release: Path) -> dict[str, Path]:
    """What stands in for each action of GitHub's that a workflow pins and act cannot fetch."""
    found: dict[str, Path] = {}
    for tree in (project, release):
        for file in (tree / ".github" / "workflows").glob("*.yml"):
            for uses, name in PINNED.findall(file.read_text()):
                if (STUBS / name).is_dir():
                    found[uses] = STUBS / name
    return found
