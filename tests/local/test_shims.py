import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentramp.local.launch import SHIM
from tests.local.client import AGENTS, Control, runtime_input, zipped

IN_CI = os.environ.get("CI") == "true"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None and not IN_CI, reason="there is no node on this machine"
)


def side_by_side(control: Control, first: dict[str, object], second: dict[str, object]) -> set[str]:
    """What two versions of one runtime answer that both bind port 9000."""
    runtime = control.make_runtime(**first)
    control.publish(runtime)
    assert control.update(runtime, **second)["status"] == "READY"
    control.publish(runtime)
    one = control.make_endpoint(runtime, "one", targetVersion="1")
    two = control.make_endpoint(runtime, "two", targetVersion="2")
    return {one.ask().content.decode(), two.ask().content.decode()}


@pytest.fixture(scope="session")
def uvicorn_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with uvicorn and uvloop for the agents' interpreter."""
    folder = tmp_path_factory.mktemp("packages")
    base = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        ["uv", "pip", "install", "-q", "--python", base, "--target", folder, "uvicorn", "uvloop"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        },
    )
    if done.returncode and not IN_CI:
        pytest.skip("uvicorn could not be fetched")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_uvicorn(control: Control, uvicorn_files: Path, loop: str) -> None:
    def version(name: str) -> dict[str, object]:
        return {
            "agent": "uvicorn_app.py",
            "version": name,
            "environmentVariables": {"UVICORN_LOOP": loop, "PYTHONPATH": str(uvicorn_files)},
        }

    found = side_by_side(control, version("one"), version("two"))
    assert found == {f"one {loop}", f"two {loop}"}


@needs_node
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("port", "text"),
        ("host", "backlog"),
        ("callback", "empty"),
        ("options", "env"),
    ],
)
def test_node(control: Control, first: str, second: str) -> None:
    def version(name: str, form: str) -> dict[str, object]:
        return {
            "agent": "server.js",
            "version": name,
            "environmentVariables": {"LISTEN": form},
        }

    assert side_by_side(control, version("one", first), version("two", second)) == {"one", "two"}


SERVE = """
import http.server, socket, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {version!r}.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
"""

SERVERS = {
    "http.server": SERVE + "http.server.HTTPServer(('0.0.0.0', 9000), Handler).serve_forever()",
    "localhost": SERVE + "http.server.HTTPServer(('localhost', 9000), Handler).serve_forever()",
    "dual stack": SERVE
    + """
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()
Server(("::", 9000), Handler).serve_forever()
""",
    "only IPv6": SERVE
    + """
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()
Server(("::", 9000), Handler).serve_forever()
""",
    "reuse port": SERVE
    + """
class Server(http.server.HTTPServer):
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
Server(("", 9000), Handler).serve_forever()
""",
    "asyncio on every address": """
import asyncio
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    body = {version!r}.encode()
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    writer.close()
async def main():
    server = await asyncio.start_server(answer, None, 9000)
    await server.serve_forever()
asyncio.run(main())
""",
    "a child that serves": """
import subprocess, sys
program = {program!r}
subprocess.run([sys.executable, "-c", program])
""",
    "a call to itself": SERVE
    + """
import threading, urllib.request
server = http.server.ThreadingHTTPServer(("127.0.0.1", 9000), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
assert urllib.request.urlopen("http://localhost:9000/").read() == {version!r}.encode()
threading.Event().wait()
""",
    "the assigned port": SERVE
    + "import os\n"
    + "http.server.HTTPServer(('0.0.0.0', int(os.environ['PORT'])), Handler).serve_forever()",
}


@pytest.mark.parametrize("kind", SERVERS)
def test_python_servers(control: Control, kind: str) -> None:
    def version(name: str) -> dict[str, object]:
        text = SERVERS[kind].replace("{version!r}", repr(name))
        child = SERVERS["http.server"].replace("{version!r}", repr(name))
        files = {"app.py": text.replace("{program!r}", repr(child))}
        command = ["python3", "app.py"]
        return {"codeConfiguration": {"command": command, "zipFile": zipped(files)}}

    assert side_by_side(control, version("one"), version("two")) == {"one", "two"}


def test_an_agents_own_sitecustomize_still_runs(control: Control) -> None:
    files = {
        "app.py": (AGENTS / "echo.py").read_text(),
        "version.txt": "one",
        "lib/sitecustomize.py": "import os; os.environ['FROM_SITE'] = 'yes'; __all__ = []",
    }
    body = runtime_input("x", environmentVariables={"PYTHONPATH": "/code/lib"})
    code = {**body["codeConfiguration"], "command": ["python3", "app.py"], "zipFile": zipped(files)}
    endpoint = control.serve(
        "one", codeConfiguration=code, environmentVariables=body["environmentVariables"]
    )
    assert endpoint.ask().json["env"]["FROM_SITE"] == "yes"


def run_python(program: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SHIM / "python"), **environment},
    ).stdout.strip()


def test_without_ports_the_shim_changes_nothing() -> None:
    assert run_python("import socket; print('bind' in vars(socket.socket))") == "False"


def test_other_ports_and_unix_sockets_are_left_alone(tmp_path: Path) -> None:
    program = f"""
import socket
one = socket.socket(); one.bind(("0.0.0.0", 0)); print(one.getsockname()[0])
two = socket.socket(socket.AF_UNIX); two.bind({str(tmp_path / "s")!r}); print("unix")
"""
    ports = {"AGENTRAMP_PORT_CONFIGURED": "9000", "AGENTRAMP_PORT_ASSIGNED": "18001"}
    assert run_python(program, **ports).split() == ["0.0.0.0", "unix"]
