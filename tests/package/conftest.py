import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentramp.package.child import Finished
from tests.progress import Heard


@dataclass
class FakeInstaller:
    """A Run that does what an installer does: it writes wheels' files into the target folder."""

    packages: dict[str, str] = field(default_factory=dict)
    answers: list[Finished] = field(default_factory=list)
    calls: list[tuple[tuple[str, ...], Path, dict[str, str]]] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)

    def __call__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Finished:
        self.calls.append((tuple(argv), cwd, dict(env)))
        if "--constraint" in argv:
            self.constraints.append(Path(argv[argv.index("--constraint") + 1]).read_text())
        if self.answers:
            return self.answers.pop(0)
        if "--target" in argv:
            for name, version in self.packages.items():
                self._install(Path(argv[argv.index("--target") + 1]), name, version)
        return Finished(0, "3.12 linux-x86_64\n", "")

    def _install(self, folder: Path, name: str, version: str) -> None:
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        code = f"version = {version!r}\n".encode()
        (folder / f"{name}.py").write_bytes(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "INSTALLER").write_text("fake")
        digest = base64.urlsafe_b64encode(hashlib.sha256(code).digest()).rstrip(b"=").decode()
        record = [f"{name}.py,sha256={digest},{len(code)}", f"{info.name}/METADATA,,"]
        record += [f"{info.name}/INSTALLER,,", f"{info.name}/RECORD,,"]
        (info / "RECORD").write_text("".join(f"{row}\r\n" for row in record))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def fake_installer() -> FakeInstaller:
    return FakeInstaller()


Fill = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Write files into a source folder and give it."""

    def fill(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "source"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return fill
