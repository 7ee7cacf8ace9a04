import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.crc64 import folded_update
from agentramp.package import (
    AgentRunTarget,
    BuildError,
    BuildRequest,
    Built,
    LocalTarget,
    RegistryError,
    Target,
    build,
    manifest_path,
)
from agentramp.package.child import Finished
from agentramp.package.installer import Uv

if TYPE_CHECKING:
    from tests.package.conftest import FakeInstaller, Fill
    from tests.progress import Heard

LATER_NS = 10**10
"""The build's clock runs ahead of the files': their times are old enough to be believed."""
Make = Callable[..., Built]


@pytest.fixture
def make(tmp_path: Path, heard: "Heard", fake_installer: "FakeInstaller") -> Make:
    def make(
        source: Path,
        target: Target = AgentRunTarget("python3.12"),  # noqa: B008 - frozen
        output: Path = tmp_path / "out" / "agent.zip",
        ahead_ns: int = LATER_NS,
    ) -> Built:
        return build(
            BuildRequest(source, target, output, "/bin/py"),
            environ={"PIP_INDEX_URL": "https://registry.invalid/simple"},
            progress=heard,
            run=fake_installer,
            installer=Uv("uv"),
            now_ns=lambda: max_ctime(source) + ahead_ns,
        )

    return make


def max_ctime(root: Path) -> int:
    return max((path.stat().st_ctime_ns for path in root.rglob("*")), default=0)


def names(built: Built) -> list[str]:
    with zipfile.ZipFile(built.artifact.path) as archive:
        return archive.namelist()


@pytest.fixture
def umask() -> Iterator[Callable[[int], object]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_folder_becomes_a_zip_and_a_manifest(fill: "Fill", make: Make, heard: "Heard") -> None:
    built = make(fill({"a.py": "x = 1\n", "b/c.json": "{}", ".env": "KEY=1"}))
    content = built.artifact.path.read_bytes()

    assert names(built) == ["a.py", "b/c.json"]
    assert not built.reused
    assert built.artifact.sha256 == hashlib.sha256(content).hexdigest() == built.manifest.sha256
    assert built.artifact.crc64 == str(folded_update(content, 0)) == built.manifest.crc64
    assert built.artifact.size == len(content) == built.manifest.size
    assert (built.manifest.files, built.manifest.bytes) == (2, 8)
    assert built.manifest.dependencies == ()
    assert built.manifest.left_out == (".env",)
    assert "left out, as they look like secrets: .env" in heard.text
    assert heard.steps[-1] == ("packing", 8, 8)
    assert "packing 2 files, 0.0 kB" in heard.text


def test_two_folders_two_times_two_umasks_give_the_same_bytes(
    fill: "Fill", make: Make, tmp_path: Path, umask: Callable[[int], object]
) -> None:
    root = fill({"run.sh": "#!/bin/sh\n", "b/c.json": "{}", "requirements.txt": "six==1.16.0\n"})
    (root / "run.sh").chmod(0o755)
    umask(0o077)
    second = tmp_path / "another" / "place"
    for path in sorted(root.rglob("*"), reverse=True):
        copy = second / path.relative_to(root)
        if path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o700 if path.name == "run.sh" else 0o600)
            os.utime(copy, (1, 1))
    first_built = make(root)
    second_built = make(second, output=tmp_path / "elsewhere.zip")

    assert not second_built.reused
    assert first_built.artifact.path.read_bytes() == second_built.artifact.path.read_bytes()


def test_an_unchanged_folder_builds_nothing(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller", heard: "Heard"
) -> None:
    fake_installer.packages = {"six": "1.16.0"}
    root = fill({"a.py": "", "requirements.txt": "six==1.16.0\n"})
    first = make(root)
    inode = first.artifact.path.stat().st_ino
    again = make(root)

    assert again.reused
    assert (again.artifact, again.manifest) == (first.artifact, first.manifest)
    assert first.artifact.path.stat().st_ino == inode
    assert len(fake_installer.calls) == 1
    assert "unchanged" in heard.lines[-1]


def test_touching_a_file_changes_nothing(fill: "Fill", make: Make) -> None:
    root = fill({"a.py": "x = 1\n", "b.py": ""})
    first = make(root)
    os.utime(root / "a.py", (5, 5))
    second = make(root)

    assert second.reused
    assert second.artifact == first.artifact
    assert second.manifest.inputs.stat != first.manifest.inputs.stat
    assert make(root).manifest == second.manifest


@pytest.mark.parametrize("ahead_ns", [0, LATER_NS])
def test_an_edit_that_keeps_size_and_time_is_seen(fill: "Fill", make: Make, ahead_ns: int) -> None:
    root = fill({"a.py": "one"})
    times = (root / "a.py").stat()
    first = make(root, ahead_ns=ahead_ns)
    (root / "a.py").write_text("two")
    os.utime(root / "a.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    second = make(root, ahead_ns=ahead_ns)

    assert not second.reused
    assert second.artifact.sha256 != first.artifact.sha256


@pytest.mark.parametrize("change", ["new", "gone", "mode", "rename", "ignore"])
def test_every_change_of_the_input_is_seen(fill: "Fill", make: Make, change: str) -> None:
    root = fill({"a.py": "one", "b.py": "two"})
    first = make(root)
    match change:
        case "new":
            (root / "c.py").touch()
        case "gone":
            (root / "b.py").unlink()
        case "mode":
            (root / "b.py").chmod(0o755)
        case "rename":
            (root / "b.py").rename(root / "c.py")
        case _:
            (root / ".fcignore").write_text("b.py\n")

    second = make(root)
    assert not second.reused
    assert second.artifact.sha256 != first.artifact.sha256


def test_another_target_or_other_requirements_build_anew(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller"
) -> None:
    root = fill({"a.py": "", "requirements.txt": "six==1.16.0\n", ".fcignore": "*.txt\n"})
    make(root)
    assert not make(root, target=AgentRunTarget("python3.10")).reused
    assert not make(root, target=LocalTarget()).reused
    assert make(root, target=LocalTarget()).reused
    (root / "requirements.txt").write_text("six==1.17.0\n")
    assert not make(root, target=LocalTarget()).reused
    asked = [call[0] for call in fake_installer.calls if "-c" in call[0]]
    assert {argv[0] for argv in asked} == {"/bin/py"}


def test_a_rebuilt_wheel_outside_the_source_builds_anew(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller", tmp_path: Path
) -> None:
    wheel = tmp_path / "own-1.0-py3-none-any.whl"
    wheel.write_text("one")
    root = fill({"a.py": "", "requirements.txt": f"../{wheel.name}\n"})
    fake_installer.packages = {"own": "1.0"}
    make(root)
    assert make(root).reused
    wheel.write_text("two")

    assert not make(root).reused
    assert make(root).reused


def test_requirements_that_cannot_be_looked_into_are_never_reused(
    fill: "Fill", make: Make, heard: "Heard"
) -> None:
    root = fill({"a.py": "", "requirements.txt": "-r https://host.invalid/more.txt\n"})
    make(root)

    assert not make(root).reused
    assert "whether -r https://host.invalid/more.txt has changed cannot be told" in heard.text


def test_a_token_in_requirements_stops_the_build(
    fill: "Fill", make: Make, tmp_path: Path, fake_installer: "FakeInstaller"
) -> None:
    line = "--extra-index-url https://ghp_x@registry.invalid/\n"
    with pytest.raises(BuildError, match=r"requirements\.txt:1"):
        make(fill({"a.py": "", "requirements.txt": line}))
    assert fake_installer.calls == []
    assert not (tmp_path / "out" / "agent.zip").exists()


@pytest.mark.parametrize("damage", ["zip cut", "zip bit", "zip gone", "seal", "manifest cut"])
def test_a_damaged_package_or_manifest_is_built_anew(fill: "Fill", make: Make, damage: str) -> None:
    root = fill({"a.py": "x" * 1000})
    first = make(root)
    package, manifest = first.artifact.path, manifest_path(first.artifact.path)
    content, text = package.read_bytes(), manifest.read_text()
    match damage:
        case "zip cut":
            package.write_bytes(content[:-1])
        case "zip bit":
            package.write_bytes(bytes((content[0] ^ 1,)) + content[1:])
        case "zip gone":
            package.unlink()
        case "seal":
            manifest.write_text(text.replace(first.artifact.crc64, "1"))
        case _:
            manifest.write_text(text[: len(text) // 2])

    second = make(root)
    assert not second.reused
    assert second.artifact == first.artifact
    assert package.read_bytes() == content
    assert manifest.read_text() == text


def test_dependencies_go_into_python_and_into_the_manifest(
    fill: "Fill", make: Make, heard: "Heard", fake_installer: "FakeInstaller"
) -> None:
    fake_installer.packages = {"zed": "2.0", "six": "1.16.0"}
    root = fill({"a.py": "", "requirements.txt": "six==1.16.0\nzed\n", "python/old.py": "old"})
    built = make(root)

    assert built.manifest.dependencies == ("six==1.16.0", "zed==2.0")
    assert [name for name in names(built) if name.startswith("python/")] == [
        "python/six-1.16.0.dist-info/METADATA",
        "python/six-1.16.0.dist-info/RECORD",
        "python/six.py",
        "python/zed-2.0.dist-info/METADATA",
        "python/zed-2.0.dist-info/RECORD",
        "python/zed.py",
    ]
    argv, folder, environ = fake_installer.calls[0]
    assert folder == root
    assert environ["PIP_INDEX_URL"] == "https://registry.invalid/simple"
    assert not any("registry" in word for word in argv)
    expected = "resolving 2 requirements for python3.12 on linux x86_64, glibc 2.31"
    assert expected in heard.lines
    assert "not pinned with ==, so another machine may take other versions: zed" in heard.text
    assert "python/ in the source is replaced" in heard.text


def test_an_edit_of_the_code_keeps_the_versions_of_the_last_build(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller"
) -> None:
    fake_installer.packages = {"six": "1.16.0"}
    root = fill({"a.py": "", "requirements.txt": "six\n"})
    make(root)
    (root / "a.py").write_text("changed")
    make(root)
    assert fake_installer.constraints == ["six==1.16.0\n"]

    (root / "requirements.txt").write_text("six>1\n")
    make(root)
    assert fake_installer.constraints == ["six==1.16.0\n"]


def test_kept_versions_that_are_gone_are_let_go(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller", heard: "Heard"
) -> None:
    fake_installer.packages = {"six": "1.16.0"}
    root = fill({"a.py": "", "requirements.txt": "six\n"})
    make(root)
    (root / "a.py").write_text("changed")
    fake_installer.answers = [Finished(1, "", "there is no version of six==1.16.0")]
    fake_installer.packages = {"six": "1.17.0"}

    assert make(root).manifest.dependencies == ("six==1.17.0",)
    assert "no longer fit" in heard.text


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        ("Because x==1 has no usable wheels and you", BuildError),
        ("error: Failed to fetch: `https://registry.invalid/x`", RegistryError),
    ],
)
def test_a_failed_install_leaves_the_old_package(
    fill: "Fill",
    make: Make,
    fake_installer: "FakeInstaller",
    stderr: str,
    error: type[BuildError | RegistryError],
) -> None:
    root = fill({"a.py": ""})
    first = make(root)
    content = first.artifact.path.read_bytes()
    (root / "requirements.txt").write_text("x==1\n")
    fake_installer.answers = [Finished(1, "", stderr)]

    with pytest.raises(error):
        make(root)
    assert first.artifact.path.read_bytes() == content
    assert len(list(first.artifact.path.parent.iterdir())) == 2


def test_other_languages_are_only_packed(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller", heard: "Heard"
) -> None:
    package = '{"dependencies": {"left-pad": "1"}}'
    root = fill({"index.js": "", "package.json": package, "requirements.txt": "six\n"})
    built = make(root, target=AgentRunTarget("nodejs20"))

    assert names(built) == ["index.js", "package.json", "requirements.txt"]
    assert built.manifest.dependencies == ()
    assert fake_installer.calls == []
    assert "no node_modules" in heard.text


def test_what_builds_wrote_into_the_source_is_not_packed(fill: "Fill", make: Make) -> None:
    root = fill({"a.py": "", "dist/.agent.zip.abc.part": "left by a killed build"})
    first = make(root, output=root / "dist" / "agent.zip")
    second = make(root, output=root / "dist" / "agent.zip")

    assert names(first) == ["a.py"]
    assert second.reused


def test_a_missing_source_an_empty_one_and_a_folder_as_output_are_named(
    fill: "Fill", make: Make, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match="nowhere is not a folder"):
        make(tmp_path / "nowhere")
    with pytest.raises(BuildError, match="nothing to pack"):
        make(fill({".env": "A=1"}))
    with pytest.raises(BuildError, match="is a folder, and the package would be a file"):
        make(fill({"a.py": ""}), output=tmp_path)


def test_an_output_that_cannot_be_written_is_named(
    fill: "Fill", make: Make, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(BuildError, match="cannot be written"):
        make(fill({"a.py": ""}), output=tmp_path / "file" / "agent.zip")


def test_a_build_that_is_stopped_leaves_the_old_package(
    fill: "Fill", make: Make, heard: "Heard", fake_installer: "FakeInstaller", tmp_path: Path
) -> None:
    class Interrupting:
        def say(self, line: str) -> None:
            heard.say(line)

        def advance(self, title: str, done: int, total: int) -> None:
            raise KeyboardInterrupt(title, done, total)

    root = fill({"a.py": ""})
    first = make(root)
    content = first.artifact.path.read_bytes()
    (root / "a.py").write_text("changed")
    request = BuildRequest(root, LocalTarget(), first.artifact.path, "/bin/py")
    with pytest.raises(KeyboardInterrupt):
        build(request, environ={}, progress=Interrupting(), run=fake_installer)

    assert first.artifact.path.read_bytes() == content
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "agent.zip",
        "agent.zip.json",
    ]


def test_the_staging_folder_is_gone_afterwards(
    fill: "Fill", make: Make, fake_installer: "FakeInstaller"
) -> None:
    fake_installer.packages = {"six": "1.16.0"}
    make(fill({"a.py": "", "requirements.txt": "six\n"}))
    argv = fake_installer.calls[0][0]

    assert not Path(argv[argv.index("--target") + 1]).exists()
