"""The project as it lies there: what would fail, or leak, only after the deploy."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.model import HealthCheck, RuntimeSpec
from agentramp.preflight.finding import Advised, Failed, Finding, Passed, Skipped
from agentramp.program import ProgramError

LARGE: Final = 50 * 1000 * 1000
"""Bytes from which the vendor's own tool warns of a package."""
LEAST_FOR_A_SESSION: Final = 16
"""Megabytes; below that, sessions of one instance run into each other's memory."""
_GIT_SECONDS: Final = 20.0
_PORT: Final = re.compile(
    r"""(?:\bport\s*=\s*|--port[ =]|\.listen\(\s*|["']0\.0\.0\.0["'],\s*|0\.0\.0\.0:)(\d{2,5})\b"""
    r"""|["']?PORT["']?\s*,\s*["']?(\d{2,5})\b"""
)
_SERVER: Final = re.compile(r"\bAgentRunServer\([^)]*\)\.start\(\s*\)")
_SERVER_PORT: Final = 9000
"""Where the vendor's SDK listens if nothing else is said."""
_CODE: Final = (".py", ".js", ".mjs", ".ts", ".sh")


def env_ignored(folders: Iterable[Path], environ: Mapping[str, str]) -> Finding:
    """Whether git leaves every ``.env`` alone."""
    name = ".env ignored by git"
    for folder in dict.fromkeys(folders):
        tracked = _git(folder, environ, "ls-files", "--error-unmatch", ".env")
        if tracked is None:
            return Skipped(name, "there is no git here")
        if tracked == 0:
            advice = "git rm --cached .env, name it in .gitignore, and renew what was in it"
            return Failed(name, f"{folder / '.env'} is in git", advice)
        ignored = _git(folder, environ, "check-ignore", "--quiet", ".env")
        if ignored not in {0, 1}:
            return Skipped(name, "this is no git repository")
        if ignored == 1:
            return _not_ignored(name, folder / ".env")
    return Passed(name)


def _not_ignored(name: str, file: Path) -> Finding:
    """Nothing can leak yet where there is no such file."""
    advice = "write .env into .gitignore"
    if file.exists():
        return Failed(name, f"{file} would be added", advice)
    return Advised(name, f"{file} is not there, and would be added once it is", advice)


def _git(folder: Path, environ: Mapping[str, str], *words: str) -> int | None:
    """The exit status; None without git."""
    try:
        return program.run(
            ["git", "-C", str(folder), *words], timeout=_GIT_SECONDS, environ=environ
        ).status
    except ProgramError:
        return None


def port_agrees(spec: RuntimeSpec, files: Iterable[tuple[str, Path]]) -> Finding:
    name = "port"
    wanted = spec.port
    texts = [(file, _text(path)) for file, path in files if file.endswith(_CODE)]
    command = " ".join(spec.code.command if spec.code else ())
    found = [(port, "the command") for port in _ports(command)]
    found += [(port, file) for file, text in texts for port in _ports(text)]
    if not found:
        return Skipped(name, "no port stands in the code or the command")
    if any(port == wanted for port, _ in found):
        return Passed(name, f"{wanted}, in s.yaml and in the code")
    told = ", ".join(f"{port} in {place}" for port, place in dict.fromkeys(found))
    return Failed(
        name,
        f"s.yaml says {wanted}, and there is {told}",
        "write the port that the agent listens on into s.yaml, or nobody reaches it",
    )


def _ports(text: str) -> list[int]:
    found = [int(one or other) for one, other in _PORT.findall(text)]
    return [*found, _SERVER_PORT] if _SERVER.search(text) else found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def package_size(size: int | None) -> Finding:
    """``size`` is that of the last build in bytes, None where there is none."""
    name = "package size"
    if size is None:
        return Skipped(name, "nothing is built yet")
    told = f"{size / 1e6:.1f} MB"
    if size <= LARGE:
        return Passed(name, told)
    return Advised(name, f"{told}: every cold start fetches it", "leave files out by .fcignore")


def sizing(spec: RuntimeSpec) -> list[Finding]:
    """Figures that contradict each other."""
    found = [*_memory(spec), *_processor(spec), *_health(spec.health_check)]
    return found or [Passed("sizing", "cpu, memory, concurrency and health check go together")]


def _memory(spec: RuntimeSpec) -> Iterable[Finding]:
    sessions = spec.instance_concurrency
    if sessions and spec.memory / sessions < LEAST_FOR_A_SESSION:
        yield Advised(
            "memory",
            f"{spec.memory} MB for {sessions} sessions at once is {spec.memory / sessions:.0f} MB"
            " for each",
            "start with instanceConcurrency 10 and raise it by what you measure, or add memory",
        )


def _processor(spec: RuntimeSpec) -> Iterable[Finding]:
    gigabytes = spec.memory / 1024
    if not spec.cpu <= gigabytes <= 4 * spec.cpu:
        yield Advised(
            "cpu",
            f"{spec.cpu:g} cores beside {gigabytes:g} GB: Function Compute wants 1 to 4 GB a core",
            f"take between {spec.cpu:g} and {4 * spec.cpu:g} GB, or other cores",
        )


def _health(health: HealthCheck | None) -> Iterable[Finding]:
    if health and health.period and health.timeout and health.timeout > health.period:
        yield Advised(
            "health check",
            f"an answer may take {health.timeout} s and is asked for every {health.period} s",
            "make timeoutSeconds less than periodSeconds",
        )
