import time
from pathlib import Path
from typing import Any

import pytest

from tests.local.client import RUNTIMES, Control, runtime_input, zipped

HELLO = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
http.server.HTTPServer(("", {port}), Handler).serve_forever()
"""


def code(program: str, *command: str) -> dict[str, Any]:
    return {
        "language": "python3.12",
        "command": list(command) or ["python3", "app.py"],
        "zipFile": zipped({"app.py": program}),
    }


def failing(control: Control, **more: Any) -> str:
    """The reason why a runtime like this does not come up."""
    name = f"bad-{time.monotonic_ns()}"
    made = control.call("POST", RUNTIMES, runtime_input(name, **more)).data
    assert made["status"] == "CREATING"
    found = control.settled(f"{RUNTIMES}/{made['agentRuntimeId']}")
    assert found["status"] == "CREATE_FAILED"
    return str(found["statusReason"])


def test_an_agent_that_ends_at_once(control: Control) -> None:
    reason = failing(control, codeConfiguration=code("import nonesuch"))
    assert "exit code 1" in reason
    assert "No module named 'nonesuch'" in reason
    assert "port 9000" in reason


def test_an_agent_that_is_killed(control: Control) -> None:
    reason = failing(control, codeConfiguration=code("import os; os.kill(os.getpid(), 11)"))
    assert "SIGSEGV" in reason


def test_a_program_that_is_not_there(control: Control) -> None:
    reason = failing(control, codeConfiguration=code("", "nonesuch", "app.py"))
    assert "this machine has no program 'nonesuch'" in reason


def test_a_published_head_is_needed(control: Control) -> None:
    name = f"bad-{time.monotonic_ns()}"
    body = runtime_input(name, codeConfiguration=code("raise SystemExit(4)"))
    made = control.call("POST", RUNTIMES, body).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    control.settled(runtime)
    refused = control.call("POST", f"{runtime}/versions", {})
    assert (refused.status, "CREATE_FAILED" in refused.body["message"]) == (409, True)
    assert control.update(runtime)["status"] == "READY", "a failed runtime can be mended"
    assert control.publish(runtime) == "1"


def test_a_bad_update_leaves_what_serves_alone(control: Control) -> None:
    runtime = control.make_runtime(version="one")
    control.publish(runtime)
    pinned = control.make_endpoint(runtime, "pinned", targetVersion="1")
    latest = control.make_endpoint(runtime, "latest")
    failed = control.update(runtime, codeConfiguration=code("raise SystemExit(7)"))
    assert failed["status"] == "UPDATE_FAILED"
    assert "exit code 7" in failed["statusReason"]
    assert pinned.ask().json["version"] == "one"
    assert latest.ask().json["version"] == "one"
    mended = control.update(runtime, version="two")
    assert mended["status"] == "READY"
    assert pinned.ask().json["version"] == "one"
    assert latest.ask().json["version"] == "two"


def test_latest_follows_the_head_and_versions_do_not(control: Control) -> None:
    runtime = control.make_runtime(version="one", environmentVariables={"COLOUR": "red"})
    control.publish(runtime)
    pinned = control.make_endpoint(runtime, "pinned", targetVersion="1")
    latest = control.make_endpoint(runtime, "latest")
    control.update(runtime, version="two", environmentVariables={"COLOUR": "blue"})
    assert pinned.ask().json["env"]["COLOUR"] == "red"
    assert latest.ask().json["env"]["COLOUR"] == "blue"
    # A configuration change alone keeps the code.
    control.call("PUT", runtime, {"environmentVariables": {"COLOUR": "green"}})
    control.settled(runtime)
    assert latest.ask().json["env"]["COLOUR"] == "green"
    assert latest.ask().json["version"] == "two"


def test_what_an_agent_writes_stays_its_own(control: Control) -> None:
    runtime = control.make_runtime(version="one")
    control.publish(runtime)
    first = control.make_endpoint(runtime, "first", targetVersion="1")
    control.publish(runtime)
    second = control.make_endpoint(runtime, "second", targetVersion="2")
    first.ask("/write")
    assert (Path(first.ask().json["cwd"]) / "version.txt").read_text() == "overwritten"
    assert (Path(second.ask().json["cwd"]) / "version.txt").read_text() == "one"


def test_an_endpoint_whose_version_does_not_come_up_keeps_its_split(control: Control) -> None:
    """Version 2 only starts once: later its marker file is there."""
    marker = f"/tmp/{time.monotonic_ns()}"
    once = code(
        f"import pathlib; pathlib.Path({marker!r}).touch(exist_ok=False)\n"
        + HELLO.format(status=200, port=9000)
    )
    runtime = control.make_runtime(version="one")
    control.publish(runtime)
    endpoint = control.make_endpoint(runtime, targetVersion="1")
    assert control.update(runtime, codeConfiguration=once)["status"] == "READY"
    control.publish(runtime)
    failed = endpoint.shift("1", v2=0.5)
    Path(marker).unlink()
    assert failed["status"] == "UPDATE_FAILED"
    assert "FileExistsError" in failed["statusReason"]
    assert failed["targetVersion"] == "1"
    assert failed["routingConfiguration"] == {"versionWeights": []}
    assert {endpoint.ask().version for _ in range(20)} == {"1"}
    assert endpoint.shift("1")["status"] == "READY"


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_the_health_path_decides(control: Control, status: int, *, ready: bool) -> None:
    name = f"health-{time.monotonic_ns()}"
    body = runtime_input(
        name,
        codeConfiguration=code(HELLO.format(status=status, port=9000)),
        healthCheckConfiguration={"httpGetUrl": "/health", "timeoutSeconds": 1},
    )
    made = control.call("POST", RUNTIMES, body).data
    runtime = f"{RUNTIMES}/{made['agentRuntimeId']}"
    if ready:
        assert control.settled(runtime)["status"] == "READY"
    else:
        time.sleep(1.5)
        assert control.call("GET", runtime).data["status"] == "CREATING"
        # A newer head takes the place of one that is still trying.
        assert control.update(runtime)["status"] == "READY"


def test_an_unhealthy_agent_is_started_again(control: Control) -> None:
    sick = """
import http.server, os, time
born = time.time()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sick = self.path == "/health" and time.time() > born + 2
        body = str(os.getpid()).encode()
        self.send_response(500 if sick else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
"""
    runtime = control.make_runtime(
        codeConfiguration=code(sick),
        healthCheckConfiguration={
            "httpGetUrl": "/health",
            "periodSeconds": 1,
            "failureThreshold": 2,
        },
    )
    control.publish(runtime)
    endpoint = control.make_endpoint(runtime, targetVersion="1")
    first = endpoint.ask().content
    deadline = time.monotonic() + 15
    while (now := endpoint.ask()).content == first and time.monotonic() < deadline:
        assert now.status == 200
        time.sleep(0.2)
    assert now.status == 200
    assert now.content != first


def test_the_agents_world(control: Control) -> None:
    endpoint = control.serve("one", environmentVariables={"ROOT": "/code/data"})
    found = endpoint.ask().json
    home = control.server.home / "local"
    assert Path(found["cwd"]).is_relative_to(home / "run")
    assert found["env"]["ROOT"] == f"{found['cwd']}/data"
    assert found["env"]["PATH"].startswith(str(home / "bin"))
    assert ".venv" not in found["python"]
    assert control.server.access_key_secret not in str(found["env"])


def test_logs_are_kept_by_version(control: Control) -> None:
    runtime = control.make_runtime(
        codeConfiguration=code("print('I am up')\n" + HELLO.format(status=200, port=9000))
    )
    control.publish(runtime)
    control.make_endpoint(runtime, targetVersion="1")
    name = control.call("GET", runtime).data["agentRuntimeName"]
    (log,) = (control.server.home / "local" / "logs" / name / "1").iterdir()
    assert log.read_text().startswith("I am up")
    assert log.stat().st_mode & 0o777 == 0o600
