"""Against the token service of the embedded platform: without a key, and past a token's end."""

import io
import json
import secrets
import time
from pathlib import Path
from typing import Any

import pytest

from agentramp.credentials.chain import Chain
from agentramp.credentials.holder import hold
from agentramp.credentials.named import Drawer
from agentramp.credentials.sts import Role, StsError, TokenService
from agentramp.local.daemon import Server
from agentramp.platform.agentrun.client import Action, Client
from agentramp.platform.agentrun.signing import Credentials
from agentramp.report.console import Console
from agentramp.verbs import whoami
from tests.credentials.sources import ISSUER, SUBJECT, SUBJECT_WITH_IDS, jwt, no_ring, told
from tests.evidence.servers import serving
from tests.local.client import Control
from tests.local.conftest import server
from tests.verbs.scene import arguments, context

__all__ = ["server"]

LIST = Action("ListAgentRuntimes", "GET", ("agents", "runtimes"))


def now_token(**claims: Any) -> str:
    now = int(time.time())
    return jwt(**{"iat": now, "exp": now + 300, **claims})


def service(server: Server) -> TokenService:
    return TokenService(server.control_url, time.time, time.sleep, lambda: secrets.token_hex(16))


def arn(server: Server, what: str) -> str:
    return f"acs:ram::{server.account_id}:{what}"


def registered(server: Server, name: str, subject: str = SUBJECT, **more: Any) -> Role:
    """A role that jobs of the environment production may take on, without any key."""
    control = Control(server)
    provider = arn(server, "oidc-provider/github")
    about = {"arn": provider, "issuer": ISSUER, "audience": "sts.aliyuncs.com"}
    assert control.call("PUT", "/agentramp/oidc-providers", about).status == 200
    conditions = {"oidc:iss": ISSUER, "oidc:aud": "sts.aliyuncs.com", "oidc:sub": subject}
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Federated": [provider]},
        "Condition": {"StringEquals": conditions},
    }
    policy = {"Version": "1", "Statement": [statement]}
    role = {"arn": arn(server, f"role/{name}"), "trustPolicy": policy, **more}
    assert control.call("PUT", "/agentramp/roles", role).status == 200
    return Role(str(role["arn"]), "agentramp-1")


def keyless(server: Server, role: Role, url: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "42",
        "AGENTRUN_CONTROL_ENDPOINT": server.control_url,
        "ALIBABA_CLOUD_ROLE_ARN": role.arn,
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": arn(server, "oidc-provider/github"),
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
    }


def test_a_job_needs_no_key(server: Server, tmp_path: Path) -> None:
    role = registered(server, "keyless")
    with serving(lambda _: told({"value": now_token()})) as github:
        environ = keyless(server, role, github.url)
        chain = Chain(environ, Drawer(tmp_path / "access.json", no_ring), service(server))
        found = chain.find()
        holder = hold(found.source, found.account, service(server), time.time)
        assert holder.current().access_key_id.startswith("STS.")
        assert holder.account() == server.account_id
        assert service(server).caller(holder.current()).arn.endswith("keyless/agentramp-42")
        assert client(server, holder.current).call(LIST)["items"] is not None
        assert len(github.received) == 1


def test_another_jobs_token_is_refused_by_its_subject(server: Server) -> None:
    role = registered(server, "strict")
    provider = arn(server, "oidc-provider/github")
    other = "repo:acme/agent:ref:refs/heads/main"
    with pytest.raises(StsError) as caught:
        service(server).assume_with_token(role, provider, now_token(sub=other))
    assert caught.value.code == "AuthenticationFail.NoPermission"
    assert other in caught.value.message
    assert "oidc:sub" in caught.value.advice
    with pytest.raises(StsError, match=r"OIDCToken\.Expired") as caught:
        service(server).assume_with_token(role, provider, now_token(exp=int(time.time()) - 3600))
    assert "claim exp" in caught.value.advice


@pytest.mark.parametrize(
    ("trusted", "told_by", "cause"),
    [
        (SUBJECT, SUBJECT_WITH_IDS, "renamed or transferred since 2026-07-15"),
        (SUBJECT_WITH_IDS, SUBJECT, "sub without ids"),
    ],
)
def test_the_two_forms_of_a_subject_are_two_subjects(
    server: Server, trusted: str, told_by: str, cause: str
) -> None:
    role = registered(server, "two-forms", trusted)
    provider = arn(server, "oidc-provider/github")
    got = service(server).assume_with_token(role, provider, now_token(sub=trusted))
    assert got.credentials.access_key_id.startswith("STS.")
    with pytest.raises(StsError) as caught:
        service(server).assume_with_token(role, provider, now_token(sub=told_by))
    assert caught.value.code == "AuthenticationFail.NoPermission"
    assert cause in caught.value.advice
    assert caught.value.advice.endswith(f"the policy's oidc:sub is exactly {told_by}")


def client(server: Server, current: Any, renew: Any = None) -> Client:
    return Client(
        url=server.control_url,
        credentials=current,
        now=time.time,
        sleep=time.sleep,
        nonce=lambda: secrets.token_hex(16),
        jitter=lambda: 0.0,
        renew=renew,
    )


def test_a_token_that_ends_between_two_calls_is_renewed(server: Server, tmp_path: Path) -> None:
    """Its clock says that there is time left, so only the platform's refusal tells of the end."""
    role = registered(server, "short", sessionSeconds=1)
    with serving(lambda _: told({"value": now_token()})) as github:
        environ = keyless(server, role, github.url)
        chain = Chain(environ, Drawer(tmp_path / "access.json", no_ring), service(server))
        stopped = time.time()
        holder = hold(chain.find().source, None, service(server), lambda: stopped)
        first = holder.current()
        wait_until_ended(server, first)
        registered(server, "short", sessionSeconds=3600)
        calls = client(server, holder.current, holder.renew)
        assert calls.call(LIST)["items"] is not None
        assert holder.current() != first
        assert len(github.received) == 2


def wait_until_ended(server: Server, key: Credentials) -> None:
    for _ in range(300):
        if refusal(server, key) == "InvalidSecurityToken.Expired":
            return
        time.sleep(0.1)
    raise AssertionError("it does not end")


def refusal(server: Server, key: Credentials) -> str | None:
    try:
        service(server).caller(key)
    except StsError as error:
        return error.code
    return None


def test_whoami_tells_role_and_end_and_no_secret(server: Server, tmp_path: Path) -> None:
    role = registered(server, "shown")
    with serving(lambda _: told({"value": now_token()})) as github:
        where = context(tmp_path, keyless(server, role, github.url))
        said = io.StringIO()
        now = time.time()
        where = type(where)(
            **{
                **vars(where),
                "clock": lambda: now,
                "console": Console(said, terminal=False, clock=time.monotonic),
                "nonce": lambda: secrets.token_hex(16),
            }
        )
        answer = whoami.run(arguments("whoami"), where)
    facts = dict(answer.facts)
    assert facts["source"] == f"GitHub OIDC, role {role.arn}"
    assert facts["account"] == server.account_id
    assert facts["arn"] == arn(server, "assumed-role/shown/agentramp-42")
    assert facts["temporary"] is True
    assert facts["minutes_left"] in {59, 60}
    (holder,) = where.holders.values()
    key = holder.current()
    told_all = json.dumps(facts) + answer.message + said.getvalue()
    for secret in (key.access_key_id, key.access_key_secret, key.security_token or ""):
        assert secret
        assert secret not in told_all
    assert "long-lived" not in said.getvalue()
