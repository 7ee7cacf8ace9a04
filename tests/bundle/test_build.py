import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.bundle.build import LARGEST_UPLOAD, build, tell_size
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.bundle.tarball import TIME, BundleError, described
from agentramp.component import Identity
from agentramp.errors import UsageError
from agentramp.package.errors import BuildError

if TYPE_CHECKING:
    from tests.bundle.conftest import Fill
    from tests.progress import Heard

DID = "z2qaGd5MBLQScwQWKozfC14tKQhbT9Bs5wUww"
OTHER = "z2qa9A6dBf1cPzZtEvmXhqMbsVTdLquPVBPSc"
SERVER = "require('http').createServer().listen(process.env.BLOCKLET_PORT)\n"
AGENT = {"aigne.yaml": "name: my-agent\n", "agents/hello.js": "export default () => 1\n"}


def node(root: Path, main: str = "index.js") -> Recipe:
    return Recipe(root, "My agent", "Says hello", Engine.NODE, main)


def aigne(root: Path) -> Recipe:
    return Recipe(root, "My agent", "Says hello", Engine.AIGNE)


def names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return [name.removeprefix("package/") for name in archive.getnames()]


def content(path: Path, name: str) -> bytes:
    with tarfile.open(path) as archive:
        file = archive.extractfile(f"package/{name}")
        assert file
        return file.read()


def meta(path: Path) -> dict[str, object]:
    document = json.loads(content(path, "blocklet.yml"))
    assert isinstance(document, dict)
    return document


def test_the_project_of_an_agent_lies_in_a_folder_of_its_own(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    bundle = build(aigne(fill(AGENT)), identity, "0.1.0", tmp_path / "out")

    assert names(bundle.path) == [
        *("agent/agents/hello.js", "agent/aigne.yaml", "blocklet.md", "blocklet.yml", "logo.png")
    ]
    document = meta(bundle.path)
    said = {key: document[key] for key in ("name", "did", "version", "title", "main")}
    assert said == {
        "name": "my-agent",
        "did": DID,
        "version": "0.1.0",
        "title": "My agent",
        "main": "agent",
    }
    assert document["engine"] == {
        "interpreter": "blocklet",
        "source": {
            "store": "https://store.blocklet.dev",
            "name": "z2qa6yt75HHQL3cS4ao7j2aqVodExoBAN7xeS",
            "version": "latest",
        },
        "args": [],
    }
    assert "group" not in document


def test_a_node_project_lies_as_it_was_and_has_the_file_that_a_server_starts(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill(
        {"src/a b.mjs": SERVER, "package.json": "{}", "logo.png": "own", "blocklet.md": "x"}
    )

    bundle = build(node(root, "./src/a b.mjs"), identity, "0.1.0", tmp_path / "out")

    assert names(bundle.path) == [
        *("blocklet.js", "blocklet.md", "blocklet.yml", "logo.png", "package.json", "src/a b.mjs")
    ]
    assert content(bundle.path, "blocklet.js") == b'import("./src/a%20b.mjs");\n'
    assert content(bundle.path, "logo.png") == b"own"
    document = meta(bundle.path)
    said = {key: document[key] for key in ("group", "main", "engine")}
    assert said == {
        "group": "dapp",
        "main": "blocklet.js",
        "engine": {"interpreter": "node", "args": []},
    }


def test_what_the_project_says_of_itself_stays(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    own = "name: other\ndid: x\nversion: 9.9.9\ntimeout: {start: 90}\nscripts: {preStart: a}"
    root = fill({"blocklet.js": SERVER, "blocklet.yml": own})

    bundle = build(node(root, "blocklet.js"), identity, "0.1.0", tmp_path / "out")

    assert content(bundle.path, "blocklet.js") == SERVER.encode()
    document = meta(bundle.path)
    assert document["timeout"] == {"start": 90}
    assert document["scripts"] == {"preStart": "a"}
    assert bundle.identity == identity
    assert bundle.version == document["version"] == "0.1.0"


def test_the_same_input_makes_the_same_bytes(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    files = {f"{name}.js": SERVER for name in "zabä"} | {f"{'deep/' * 30}x.js": "1", **AGENT}
    root = fill(files)
    first = build(aigne(root), identity, "0.1.0", tmp_path / "one")
    again = tmp_path / "again"
    before = os.umask(0o077)
    try:
        for name in sorted(files, reverse=True):
            path = again / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name])
            os.utime(path, (1, 1))
        second = build(aigne(again), identity, "0.1.0", tmp_path / "two")
    finally:
        os.umask(before)

    assert first.path.read_bytes() == second.path.read_bytes()
    assert first == replace(second, path=first.path)
    assert first.path.stat().st_mode & 0o777 == 0o644
    assert second.path.stat().st_mode == first.path.stat().st_mode
    with tarfile.open(first.path) as archive:
        members = archive.getmembers()
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(TIME, 0, 0, "", "")}
    assert first.path.read_bytes()[3:8] == bytes(5), "no name and no time in the gzip header"


def test_the_mode_of_a_file_is_one_of_two(fill: "Fill", identity: Identity, tmp_path: Path) -> None:
    root = fill({"index.js": SERVER, "run.sh": "", "odd.js": ""})
    (root / "run.sh").chmod(0o700)
    (root / "odd.js").chmod(0o606)

    bundle = build(node(root), identity, "0.1.0", tmp_path)

    with tarfile.open(bundle.path) as archive:
        modes = {member.name: member.mode for member in archive}
    assert modes["package/run.sh"] == 0o755
    assert modes["package/odd.js"] == modes["package/index.js"] == 0o644


def test_identity_and_version_are_no_part_of_the_content(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": SERVER})
    real = build(node(root), identity, "0.1.0", tmp_path)
    canary = build(node(root), Identity("my-agent-canary", OTHER), "0.2.0", tmp_path)
    assert (real.sha256, real.integrity) != (canary.sha256, canary.integrity)
    assert real.content == canary.content
    untitled = Recipe(root, "", "", Engine.NODE, "index.js")
    plain = build(untitled, identity, "0.3.0", tmp_path)
    assert plain.content == build(untitled, canary.identity, "0.3.0", tmp_path).content

    (root / "index.js").chmod(0o755)
    runnable = build(node(root), identity, "0.1.0", tmp_path)
    (root / "index.js").write_text("other")
    other = build(node(root), identity, "0.1.0", tmp_path)
    titled = build(replace(node(root), title="Other"), identity, "0.1.0", tmp_path)
    (root / "index.js").rename(root / "main.js")
    moved = build(node(root, "main.js"), identity, "0.1.0", tmp_path)
    assert len({one.content for one in (real, runnable, other, titled, moved)}) == 5


SECRETS = {
    ".env": "KEY=value-not-to-be-seen",
    "agents/.env.production": "KEY=value-not-to-be-seen",
    "deploy.key": "value-not-to-be-seen",
    ".npmrc": "//registry.example.com/:_authToken=value-not-to-be-seen",
    ".aws/credentials": "value-not-to-be-seen",
    "id_rsa": "value-not-to-be-seen",
}
NOISE = {
    ".git/config": "value-not-to-be-seen",
    ".deploy/agent/.env": "value-not-to-be-seen",
    ".blocklet/bundle/blocklet.js": "value-not-to-be-seen",
    "node_modules/x/index.js": "value-not-to-be-seen",
    "agents/node_modules/x/index.js": "value-not-to-be-seen",
    ".agentramp/state": "value-not-to-be-seen",
    ".vscode/settings.json": "value-not-to-be-seen",
    "agentramp.yaml": "# value-not-to-be-seen",
}


@pytest.mark.parametrize("recipe", [node, aigne])
def test_secrets_and_what_is_no_part_of_the_project_stay_out(
    recipe: Callable[[Path], Recipe],
    fill: "Fill",
    identity: Identity,
    tmp_path: Path,
    heard: "Heard",
) -> None:
    root = fill({"index.js": SERVER, ".env.example": "KEY=", **AGENT, **SECRETS, **NOISE})
    # A link out of the folder is refused elsewhere; in what is installed it is everyday.
    (root / "node_modules/linked").symlink_to(tmp_path)
    (root / "agents/node_modules/linked").symlink_to(tmp_path)

    bundle = build(recipe(root), identity, "0.1.0", tmp_path / "out", progress=heard)

    packed = {name.removeprefix("agent/") for name in names(bundle.path)}
    assert packed >= {"index.js", ".env.example", "aigne.yaml"}
    assert not packed & (SECRETS.keys() | NOISE.keys())
    with tarfile.open(bundle.path) as archive:
        texts = [file.read() for m in archive if (file := archive.extractfile(m))]
    assert not any(b"not-to-be-seen" in text for text in texts)
    assert heard.lines[0] == (
        "left out, as they look like secrets: "
        ".aws/, .env, .npmrc, agents/.env.production, deploy.key, id_rsa"
    )
    assert heard.steps[-1][1] == heard.steps[-1][2] > 0


def test_a_bundle_built_into_the_folder_is_no_part_of_the_next(
    fill: "Fill", identity: Identity
) -> None:
    root = fill({"index.js": SERVER})
    first = build(node(root), identity, "0.1.0", root / "dist")
    (root / "dist" / f".{first.path.name}.x.part").write_text("left by a killed build")

    second = build(node(root), identity, "0.1.1", root / "dist")

    assert second.content == first.content
    assert build(node(root), identity, "0.1.0", root / "dist") == first
    assert names(second.path) == [
        *("blocklet.js", "blocklet.md", "blocklet.yml", "index.js", "logo.png")
    ]


@pytest.mark.parametrize(
    ("files", "recipe", "says"),
    [
        ({"index.js": ""}, aigne, "aigne.yaml is not there"),
        ({"aigne.yaml": ""}, node, "index.js, the file to start, is not there"),
        ({"index.js": "", ".fcignore": "*.js"}, node, "is not there, or is left out"),
        ({"index.js": "", "blocklet.js": ""}, node, "has a blocklet.js"),
        ({"index.js": "", "blocklet.yml": "group: static"}, node, "says group: static"),
        ({"index.js": "", "blocklet.yml": "a: [b"}, node, "is not YAML: .*line 1"),
        ({"index.js": "", "blocklet.yml": "- a"}, node, "holds no mapping"),
        ({"index.js": "", "package.json": "{"}, node, "package.json is not JSON"),
    ],
)
def test_a_folder_that_cannot_be_started_is_refused(
    files: Mapping[str, str],
    recipe: Callable[[Path], Recipe],
    says: str,
    fill: "Fill",
    identity: Identity,
    tmp_path: Path,
) -> None:
    with pytest.raises(BuildError, match=says) as refused:
        build(recipe(fill(files)), identity, "0.1.0", tmp_path / "out")

    assert refused.value.advice
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("main", ["", "../index.js", "/index.js", "a/../../index.js"])
def test_what_is_started_lies_in_the_folder(
    main: str, fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match="names no file in the folder"):
        build(node(fill({"index.js": ""}), main), identity, "0.1.0", tmp_path)


@pytest.mark.parametrize(
    ("did", "version"), [("../x", "0.1.0"), ("", "0.1.0"), (DID, "1.0"), (DID, "../1.0.0")]
)
def test_neither_did_nor_version_leads_elsewhere(
    did: str, version: str, fill: "Fill", tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        build(node(fill({"index.js": ""})), Identity("x", did), version, tmp_path)


def test_texts_are_made_to_fit_the_server(fill: "Fill", identity: Identity, tmp_path: Path) -> None:
    recipe = Recipe(fill({"index.js": ""}), "标题" * 30, "", Engine.NODE, "index.js")

    short = meta(build(recipe, identity, "0.1.0", tmp_path).path)
    long = meta(build(replace(recipe, description="x\ny" * 99), identity, "0.1.0", tmp_path).path)

    assert short["title"] == "标题" * 10
    assert str(short["description"]).endswith("installed by agentramp")
    assert len(str(long["description"])) == 160


def test_a_bundle_that_a_server_is_likely_to_refuse_is_told(
    fill: "Fill", identity: Identity, tmp_path: Path, heard: "Heard"
) -> None:
    bundle = build(node(fill({"index.js": ""})), identity, "0.1.0", tmp_path)

    tell_size(replace(bundle, size=LARGEST_UPLOAD), heard)
    assert not heard.lines
    tell_size(replace(bundle, size=LARGEST_UPLOAD + 1), heard)
    assert "the bundle has 104.9 MB" in heard.text


class Meddling:
    """Writes into the folder while it is packed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def say(self, line: str) -> None:
        if line.startswith("packing"):
            self._path.write_text("other words")

    def advance(self, title: str, done: int, total: int) -> None:
        pass


def test_a_file_that_changes_while_it_is_packed_leaves_the_old_bundle(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    root = fill({"index.js": SERVER})
    out = tmp_path / "out"
    before = build(node(root), identity, "0.1.0", out)

    with pytest.raises(BuildError, match=r"index\.js was changed while it was packed"):
        build(node(root), identity, "0.1.0", out, progress=Meddling(root / "index.js"))

    assert list(out.iterdir()) == [before.path]
    assert described(before.path) == before


def tarball(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, text in members:
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return path


def file(name: str, text: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), text


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info, b""


GOOD = file("package/blocklet.yml", f"name: a\ndid: {DID}\nversion: 1.0.0\ntitle: x\n".encode())


def test_a_bundle_that_another_tool_made_is_read(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("package")
    folder.type = tarfile.DIRTYPE
    bundle = described(
        tarball(tmp_path / "a.tgz", (folder, b""), GOOD, file("package/blocklet.js"))
    )

    assert bundle.identity == Identity("a", DID)
    assert (bundle.version, bundle.size) == ("1.0.0", bundle.path.stat().st_size)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([], "holds no package/blocklet.yml"),
        ([file("package/index.js")], "holds no package/blocklet.yml"),
        ([GOOD, file("index.js")], "does not stand in package/"),
        ([GOOD, file("package/../../x")], "does not stand in package/"),
        ([GOOD, file("/package/x")], "does not stand in package/"),
        ([GOOD, file("package/a\\..\\b")], "does not stand in package/"),
        ([GOOD, link("package/x", "/etc/passwd")], "is no plain file"),
        ([GOOD, file("package/a"), file("package/a")], "stands in it twice"),
        ([file("package/blocklet.yml", b"name: a\nversion: 1.0.0\n")], "has no did"),
        ([file("package/blocklet.yml", b"name: a\ndid: a/b\nversion: 1.0.0")], "is no decentra"),
        ([file("package/blocklet.yml", f"name: a\ndid: {DID}\nversion: x".encode())], "semantic"),
        ([file("package/blocklet.yml", b"[")], "is not YAML"),
        ([file("package/blocklet.yml", b" " * (1 << 21))], "more than 1048576 bytes"),
        ([file("package/" + "a" * (5 << 20))], "a header that is too large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_bundle_is_refused(
    members: list[tuple[tarfile.TarInfo, bytes]], says: str, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=says) as refused:
        described(tarball(tmp_path / "a.tgz", *members))

    assert str(tmp_path / "a.tgz") in refused.value.message
    assert refused.value.exit_code == 2
    assert refused.value.advice


def test_a_file_that_is_cut_or_none_is_refused(
    fill: "Fill", identity: Identity, tmp_path: Path
) -> None:
    bundle = build(node(fill({"index.js": SERVER * 999})), identity, "0.1.0", tmp_path)
    whole = bundle.path.read_bytes()
    cut, text = tmp_path / "cut.tgz", tmp_path / "text.tgz"
    cut.write_bytes(whole[: len(whole) // 2])
    text.write_text("hello")

    for path in (cut, text, tmp_path / "absent.tgz", tmp_path):
        with pytest.raises(BundleError, match="cannot be read as a bundle"):
            described(path)
