"""How fast and how small a large tree is packed, against ``zip -qr`` of the same tree."""

import shutil
import zipfile
from pathlib import Path

from bench.figures import BenchError, Figure, at_most
from bench.processes import MEGABYTE, interleaved, run
from bench.workshop import Home, Workshop, parsed, said

ROUNDS = 3
HOW = f"zip's, minimum of {ROUNDS} interleaved rounds, whole processes"


class Packing:
    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._project = workshop.large_project
        self._built: tuple[Home, Path] | None = None
        self.zip_size = 0
        self.artifact = Path()

    def zip(self) -> float:
        target = self._workshop.fresh_folder("zip").with_suffix(".zip")
        seconds = run(["zip", "-qr", target, "."], cwd=self._project / "code").seconds
        self.zip_size = target.stat().st_size
        target.unlink()
        return seconds

    def first_build(self) -> float:
        """With a state folder and an output folder of its own, so that nothing is known yet."""
        if self._built:
            shutil.rmtree(self._built[1])
        self._built = (self._workshop.fresh_home(), self._workshop.fresh_folder("built"))
        return self._build(changed=True)

    def second_build(self) -> float:
        return self._build(changed=False)

    def _build(self, *, changed: bool) -> float:
        assert self._built  # noqa: S101  # for mypy: first_build runs first
        home, folder = self._built
        where = ("--platform", "local", "--output-dir", folder)
        done = home.run("build", self._project, *where, "--output", "json")
        answer = parsed(done.output)
        if said(answer, "changed") != str(changed):
            raise BenchError(f"build says changed={answer['changed']}, which should be {changed}.")
        self.artifact = Path(said(answer["artifact"], "path"))
        return done.seconds


def measure(workshop: Workshop) -> list[Figure]:
    if shutil.which("zip") is None:
        raise BenchError("zip is not installed, and is what we compare with: apt-get install zip")
    packing = Packing(workshop)
    jobs = {
        "zip": packing.zip,
        "first": packing.first_build,
        "second": packing.second_build,
    }
    best = {name: min(seconds) for name, seconds in interleaved(ROUNDS, jobs).items()}
    check_whole(packing.artifact, workshop.large_project / "code")
    size = packing.artifact.stat().st_size
    return [
        Figure("zip -qr: time", best["zip"], "s"),
        Figure("zip -qr: size", packing.zip_size / MEGABYTE, "MB"),
        Figure("build: time", best["first"] / best["zip"], "x", at_most(0.5), HOW),
        Figure("build: size", size / packing.zip_size, "x", at_most(1.15), "zip's"),
        Figure("build, unchanged: time", best["second"] / best["zip"], "x", at_most(0.1), HOW),
    ]


def check_whole(artifact: Path, code: Path) -> None:
    """A pack that leaves something out would be fast and small."""
    expected = {
        path.relative_to(code).as_posix(): path.stat().st_size
        for path in code.rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(artifact) as archive:
        packed = {entry.filename: entry.file_size for entry in archive.infolist()}
    missing = [name for name, size in expected.items() if packed.get(name) != size]
    if missing:
        raise BenchError(f"the artifact lacks {len(missing)} files, first {min(missing)}")
