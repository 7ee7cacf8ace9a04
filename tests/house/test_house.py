"""The house keeps its shape: who may import whom, who may print, how large a room may grow."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from agentramp import cli

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "agentramp"
MODULES = sorted(SOURCE.rglob("*.py"))

OUTSIDE = {
    "platform",
    "evidence",
    "journal",
    "executor",
    "effects",
    "report",
    "local",
    "verbs",
    "wiring",
    "cli",
}
FORBIDDEN = {
    "plan": OUTSIDE | {"config", "planning", "package"},
    "planning": OUTSIDE | {"package"},
    "config": OUTSIDE | {"planning", "plan", "package"},
    "package": OUTSIDE | {"planning", "plan", "config"},
    "platform": {
        "plan",
        "planning",
        "journal",
        "executor",
        "report",
        "local",
        "verbs",
        "wiring",
        "cli",
    },
    "credentials": OUTSIDE - {"platform"} | {"config", "package", "plan", "planning", "logs"},
    "evidence": {
        *("plan", "planning", "journal", "executor", "report", "local", "verbs", "wiring", "cli"),
        *("config", "package"),
    },
    "journal": {
        "planning",
        "platform",
        "executor",
        "report",
        "local",
        "verbs",
        "wiring",
        "cli",
        "config",
    },
    "tick": {"report", "local", "verbs", "wiring", "cli", "package", "gates"},
    "executor": {"report", "local", "verbs", "wiring", "cli", "config", "package", "planning"},
    "effects": {
        *("report", "local", "verbs", "wiring", "cli", "config", "package", "planning"),
        *("journal", "executor", "record", "ramp"),
    },
    "report": {
        "local",
        "verbs",
        "wiring",
        "cli",
        "config",
        "package",
        "planning",
        "executor",
        "journal",
    },
    "wiring": {"verbs", "cli"},
    "bundle": OUTSIDE | {"planning", "plan", "config"},
    "agents": OUTSIDE | {"planning", "plan", "config"},
    "local": {
        *(
            "plan",
            "planning",
            "journal",
            "executor",
            "report",
            "verbs",
            "wiring",
            "cli",
            "config",
            "model",
        ),
    },
}
ALLOWED = {
    "errors": set[str](),
    "model": set[str](),
    "progress": set[str](),
    "diagnostics": {"errors"},
    "address": {"errors", "exchange"},
    "exchange": {"errors", "timely"},
    "timely": set[str](),
    "bookkeeping": {"errors", "exchange", "fences"},
    "fences": set[str](),
    "program": {"errors"},
    "judge": set[str](),
    "policy": {"judge"},
    "record": {"component", "judge", "model", "policy"},
    "ramp": {"judge", "model", "policy", "record"},
    "component": set[str](),
    "archives": {"address", "errors", "exchange", "progress", "timely"},
    "site": {"address", "credentials", "diagnostics", "errors", "exchange", "fences", "progress"},
    "gates": {"errors", "exchange", "judge", "program"},
}
LARGEST_FILE, LARGEST_FUNCTION = 350, 50


def room(module: str) -> str:
    """``agentramp.platform.port`` is in the room ``platform``; the package itself is ''."""
    return [*module.split("."), ""][1]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "agentramp":
                yield from (f"agentramp.{name.name}" for name in node.names)


def own(path: Path) -> set[str]:
    return {room(name) for name in imported(path) if name.startswith("agentramp")} - {""}


def home(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    where = home(path)
    uses = own(path) - {where, "__version__"}
    if where in ALLOWED:
        assert uses <= ALLOWED[where]
    assert not uses & FORBIDDEN.get(where, set())


def test_a_module_of_verbs_is_a_verb() -> None:
    modules = {path.stem for path in (SOURCE / "verbs").glob("*.py")} - {"__init__"}
    assert modules == {verb.replace("-", "_") for verb in cli.VERBS}


def test_only_the_command_line_knows_the_embedded_platform() -> None:
    users = {home(path) for path in MODULES if "local" in own(path)}
    assert users <= {"local", "wiring", "verbs", "cli"}


def test_the_embedded_platform_speaks_to_the_rest_over_http() -> None:
    """It shares the signature, the checksum and the errors; it sees no plan and no adapter."""
    shared = {
        name
        for path in MODULES
        if home(path) == "local"
        for name in imported(path)
        if name.startswith("agentramp.") and room(name) != "local"
    }
    assert shared <= {
        "agentramp.errors",
        "agentramp.__version__",
        "agentramp.crc64",
        "agentramp.platform.agentrun.classic_signing",
        "agentramp.platform.agentrun.log_signing",
        "agentramp.platform.agentrun.oss_signing",
        "agentramp.platform.agentrun.signing",
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_boundary_touches_the_process(path: Path) -> None:
    """The shims live in the agent's process and the server's entry point is a boundary too."""
    if home(path) == "cli" or "shim" in path.parts or path.name == "__main__.py":
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            reached = f"{node.value.id}.{node.attr}"
            assert reached not in {"os.environ", "os.getenv", "sys.exit", "sys.argv"}, node.lineno


def test_no_drawers() -> None:
    names = {path.stem for path in MODULES} | {path.parent.name for path in MODULES}
    assert not names & {"utils", "util", "helpers", "common", "base", "manager", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_rooms_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LARGEST_FILE
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LARGEST_FUNCTION, f"{node.name} in {path.name}"


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.py")), ids=lambda p: p.name)
def test_a_script_is_arguments_one_call_a_return(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda p: p.name)
def test_no_test_patches(path: Path) -> None:
    """Ruff bans the import of mocks; a fixture's ``setattr`` is invisible to it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("monkeypatch", "setattr"), node.lineno
        if isinstance(node, ast.arg):
            assert node.arg != "mocker", node.lineno


def test_every_exit_code_is_one_errors_own_and_documented() -> None:
    from agentramp import errors  # noqa: PLC0415 - only its classes are looked at

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [kind.exit_code for kind in kinds if issubclass(kind, errors.AgentrampError)]
    assert len(codes) == len(set(codes))
    documented = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    for code in {*codes, 0, 4, 130}:
        assert f"| {code} |" in documented


def test_lock_files_name_no_registry() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert "index-url" not in text
