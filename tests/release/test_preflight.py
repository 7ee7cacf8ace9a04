"""validate --preflight and doctor as a user runs them, against the embedded platform."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from agentramp.local import daemon
from tests.evidence.servers import Said, serving
from tests.local.client import Control
from tests.release.conftest import Ended, User

AGENT = "import json\nfrom http.server import HTTPServer\nHTTPServer(('0.0.0.0', 9000), None)\n"
SETTINGS = """\
edition: 3.0.0
name: checked
access: default
resources:
  checked:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: {name}
        code: {{ src: ./code, language: python3.12, command: [python3, app.py] }}
        cpu: 1
        memory: 2048
        port: {port}
"""
VPC = """\
        vpcConfig:
          vpcId: vpc-1
          vSwitchIds: [vsw-1, {switch}]
          securityGroupId: {group}
"""
LOGS = """\
        logConfig: { project: logs-here, logstore: agents }
"""
# Put together here so that no scanner takes the file for a leak.
KEY = "LTAI" + "5tAbCdEfGhIjKlMnOpQr"
NAMES = [
    *("dependencies", "secrets in code", "secrets in history", "port", "package size"),
    *(".env ignored by git", "sizing", "credentials", "AgentRun", "permissions", "role"),
    *("network", "log project", "endpoints"),
]
NOBODY = {name: "" for name in os.environ if name.startswith(("ALIBABA_CLOUD", "AGENTRUN_"))}


@dataclass(frozen=True)
class Project:
    user: User

    def writes(self, more: str = "", port: int = 9000, name: str = "checked") -> None:
        settings = SETTINGS.format(name=name, port=port)
        (self.user.project / "s.yaml").write_text(settings + more)

    def adds(self, name: str, text: str) -> None:
        path = self.user.project / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)

    def run(self, *words: str, **environ: str) -> Ended:
        words = ("validate", "--preflight", *words, "--output", "json")
        return self.user.run(*words, **{**NOBODY, **environ})

    def local(self, *words: str) -> Ended:
        return self.run("--platform", "local", *words)

    def looked(self) -> dict[str, dict[str, Any]]:
        return checks(self.local())


def checks(ended: Ended) -> dict[str, dict[str, Any]]:
    assert ended.out, ended.err
    return {one["name"]: one for one in ended.document["checks"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemon.Server]:
    home = tmp_path_factory.mktemp("home")
    yield daemon.start(home)
    daemon.stop(home, timeout=30)


@pytest.fixture
def project(server: daemon.Server, tmp_path: Path) -> Project:
    """In a git repository, and all is well."""
    project = Project(User(server.home, tmp_path / "checked"))
    project.adds("code/app.py", AGENT)
    project.adds(".gitignore", ".env\n.agentramp/\n")
    project.writes()
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    return project


def git(project: Project, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(project.user.project), *who, *words], check=True)


def test_all_is_well(project: Project) -> None:
    ended = project.local()
    assert ended.code == 0, ended.err
    found = checks(ended)
    assert list(found) == NAMES
    assert all(set(one) == {"name", "outcome", "detail", "advice"} for one in found.values())
    assert {one["outcome"] for one in found.values()} == {"passed", "skipped"}
    passed = {name for name, one in found.items() if one["outcome"] == "passed"}
    assert passed == {*NAMES[:4], *NAMES[5:9]}
    assert ended.document["ok"] is True


def test_without_preflight_nobody_is_asked(project: Project) -> None:
    environ = {"AGENTRUN_CONTROL_ENDPOINT": "http://127.0.0.1:9"}
    script = "import sys; from agentramp import cli; cli.main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, "validate", str(project.user.project)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"requests", "agentramp.preflight.account"} & set(done.stdout.split())


def test_what_a_person_reads(project: Project) -> None:
    project.writes(port=8000)
    ended = project.user.run("validate", "--preflight", "--platform", "local")
    assert ended.code == 2
    assert "1 failed" in ended.out
    assert "FAIL  port" in ended.out
    assert ended.out.splitlines()[-1].startswith("agentramp validate: port: s.yaml says 8000")


WRONG = [
    ({"code/app.py": f"key = '{KEY}'\n"}, "secrets in code", "code/app.py:1"),
    ({".env": "A=b\n", ".gitignore": ""}, ".env ignored by git", "would be added"),
]


@pytest.mark.parametrize(("files", "name", "told"), WRONG, ids=[name for _, name, _ in WRONG])
def test_what_would_leak(project: Project, files: dict[str, str], name: str, told: str) -> None:
    for file, text in files.items():
        project.adds(file, text)
    ended = project.local()
    found = checks(ended)[name]
    assert (ended.code, found["outcome"]) == (2, "failed")
    assert told.removeprefix("code/") in found["detail"]
    assert found["advice"]
    assert KEY not in ended.out + ended.err


def test_a_secret_that_was_taken_out_is_still_there(project: Project) -> None:
    project.adds("code/app.py", f"key = '{KEY}'\n")
    git(project, "commit", "--quiet", "-am", "oh")
    project.adds("code/app.py", AGENT)
    git(project, "commit", "--quiet", "-am", "out")
    found = project.looked()
    assert found["secrets in code"]["outcome"] == "passed"
    assert found["secrets in history"]["outcome"] == "failed"


def test_what_is_imported_and_not_declared(project: Project) -> None:
    """A guess before the build, certain after it, and a guess again once requirements changed."""
    project.adds("code/app.py", f"import absent_module\n{AGENT}")
    assert project.looked()["dependencies"]["outcome"] == "advised"
    assert project.user.run("build", "--platform", "local").code == 0
    found = project.looked()
    assert found["dependencies"]["outcome"] == "failed"
    assert "absent_module (app.py:1)" in found["dependencies"]["detail"]
    assert found["package size"]["outcome"] == "passed"
    project.adds("code/requirements.txt", "absent-module==1\n")
    assert project.looked()["dependencies"]["outcome"] == "passed"


def test_figures_that_contradict_each_other(project: Project) -> None:
    project.writes("        instanceConcurrency: 200\n")
    ended = project.local()
    assert ended.code == 0, "it is advice"
    assert checks(ended)["memory"]["outcome"] == "advised"


def test_roles(project: Project, server: daemon.Server) -> None:
    project.writes("        role: runner\n")
    found = project.looked()["role"]
    assert (found["outcome"], found["detail"]) == ("failed", "there is no role runner")
    arn = f"acs:ram::{server.account_id}:role/runner"
    for service, outcome in (("ecs.aliyuncs.com", "failed"), ("fc.aliyuncs.com", "passed")):
        one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        document = {"arn": arn, "trustPolicy": {"Version": "1", "Statement": [one]}}
        assert Control(server).call("PUT", "/agentramp/roles", document).status == 200
        found = project.looked()["role"]
        assert found["outcome"] == outcome, found
        assert "fc.aliyuncs.com" in found["detail"]


def test_networks(project: Project, server: daemon.Server) -> None:
    for vpc, switches, groups in (
        ("vpc-1", ["vsw-1", "vsw-2"], ["sg-1"]),
        ("vpc-9", ["vsw-9"], ["sg-9"]),
    ):
        network = {"vpcId": vpc, "vSwitchIds": switches, "securityGroupIds": groups}
        assert Control(server).call("PUT", "/agentramp/networks", network).status == 200
    project.writes(VPC.format(switch="vsw-2", group="sg-1"))
    assert project.looked()["network"]["outcome"] == "passed"
    project.writes(VPC.format(switch="vsw-9", group="sg-none"))
    found = project.looked()["network"]
    assert found["outcome"] == "failed"
    assert found["detail"] == ("vSwitch vsw-9 belongs to vpc-9; there is no security group sg-none")


def test_where_logs_go(project: Project) -> None:
    project.writes(LOGS)
    found = project.looked()["log project"]
    assert (found["outcome"], found["detail"]) == ("passed", "logs-here, log store agents")


def test_an_endpoint_that_names_no_version_that_is_there(project: Project) -> None:
    project.writes("        endpoints: [{ name: production, version: 7 }]\n")
    found = project.looked()["endpoints"]
    assert found["outcome"] == "failed"
    assert found["detail"].startswith("production names version 7, and published are: none")


def test_each_of_several_resources(project: Project) -> None:
    project.writes()
    text = (project.user.project / "s.yaml").read_text()
    _, _, one = text.partition("resources:\n")
    other = one.replace("checked", "other", 1).replace("name: checked", "name: other")
    (project.user.project / "s.yaml").write_text(text + other)
    found = project.looked()
    assert list(found) == [f"{name}: {line}" for name in ("checked", "other") for line in NAMES]


def test_a_value_that_is_known_only_at_deploy(project: Project) -> None:
    text = SETTINGS.format(name="checked", port=9000)
    _, _, one = text.partition("resources:\n")
    other = one.replace("checked", "other", 1).replace("name: checked", "name: other")
    role = "        role: ${resources.checked.output.agent.name}\n"
    (project.user.project / "s.yaml").write_text(text + other + role)
    found = project.looked()["other: role"]
    assert found["outcome"] == "skipped"
    assert found["detail"].endswith(".agent.role: known only at deploy")


def test_a_file_with_faults_says_them_and_no_more(project: Project) -> None:
    project.writes("        timeout: 600\n")
    ended = project.local()
    assert ended.code == 2
    assert ended.document["diagnostics"]
    assert "checks" not in ended.document


def test_no_credentials(project: Project) -> None:
    ended = project.run()
    found = checks(ended)
    assert (ended.code, list(found)) == (2, NAMES)
    assert found["credentials"]["outcome"] == "failed"
    assert {found[name]["outcome"] for name in NAMES[8:]} == {"skipped"}
    assert found["port"]["outcome"] == "passed", "what lies here is looked at all the same"


def test_nobody_there(project: Project) -> None:
    with serving(lambda _: Said(200)) as gone:
        pass
    key = {"AGENTRUN_ACCESS_KEY_ID": "id", "AGENTRUN_ACCESS_KEY_SECRET": "hush"}
    ended = project.run(AGENTRUN_CONTROL_ENDPOINT=gone.url, **key)
    found = checks(ended)
    assert (ended.code, found["credentials"]["outcome"]) == (2, "failed")
    assert "cannot be reached" in found["credentials"]["detail"]
    assert "Traceback" not in ended.err
    assert "hush" not in ended.out + ended.err


def test_as_the_platform_of_the_cloud(project: Project, server: daemon.Server) -> None:
    """The same questions by the chain of credentials, and with a key that is wrong."""
    there = {"AGENTRUN_CONTROL_ENDPOINT": server.control_url}
    key = {"AGENTRUN_ACCESS_KEY_ID": server.access_key_id}
    right = project.run(AGENTRUN_ACCESS_KEY_SECRET=server.access_key_secret, **key, **there)
    assert right.code == 0, right.out
    assert server.account_id in checks(right)["credentials"]["detail"]
    wrong = project.run(AGENTRUN_ACCESS_KEY_SECRET="wrong", **key, **there)
    assert wrong.code == 2
    assert "SignatureDoesNotMatch" in checks(wrong)["credentials"]["detail"]


# --- doctor ------------------------------------------------------------------------------------


def test_doctor_asks_nobody_unless_told(project: Project) -> None:
    ended = project.user.run("doctor", "--output", "json", **NOBODY)
    assert ended.code == 0, ended.out
    found = checks(ended)
    assert list(found) == [
        *("Python", "git", "uv", "docker", "extras", "home", "platform", "clock")
    ]
    assert found["Python"]["outcome"] == "passed"
    assert found["platform"]["outcome"] == "skipped"


def test_doctor_reaches_the_platform(project: Project, server: daemon.Server) -> None:
    ended = project.user.run(
        "doctor", "--output", "json", AGENTRUN_CONTROL_ENDPOINT=server.control_url
    )
    assert ended.code == 0, ended.out
    found = checks(ended)
    assert {found[name]["outcome"] for name in ("platform", "clock")} == {"passed"}


class Early(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Thu, 01 Jan 2026 00:00:00 GMT"

    def log_message(self, *_words: object) -> None:
        pass


def test_doctor_and_a_clock_that_is_off(project: Project) -> None:
    with HTTPServer(("127.0.0.1", 0), Early) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        ended = project.user.run("doctor", AGENTRUN_CONTROL_ENDPOINT=url)
        thread.join()
    assert ended.code == 2
    assert "FAIL  clock" in ended.out
    assert "ahead of" in ended.out
    assert "set this machine's clock" in ended.out.splitlines()[-1]


def test_doctor_and_nobody_there(project: Project) -> None:
    with serving(lambda _: Said(200)) as gone:
        pass
    ended = project.user.run("doctor", "--output", "json", AGENTRUN_CONTROL_ENDPOINT=gone.url)
    assert ended.code == 2
    found = checks(ended)
    assert found["platform"]["outcome"] == "failed"
    assert found["clock"]["outcome"] == "skipped"
    assert json.loads(ended.out)["ok"] is False


def test_doctor_without_git(project: Project, tmp_path: Path) -> None:
    ended = project.user.run("doctor", "--output", "json", PATH=str(tmp_path))
    assert ended.code == 2
    found = checks(ended)
    assert found["git"]["outcome"] == "failed"
    assert "install git" in found["git"]["advice"]
    assert found["docker"]["outcome"] == "skipped"
