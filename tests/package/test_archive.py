import hashlib
import io
import os
import random
import shutil
import stat
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp import crc64
from agentramp.package.archive import Written, ZipStream, digests, write_archive
from agentramp.package.deflate import BLOCK, STORED, Member
from agentramp.package.errors import BuildError
from agentramp.package.source import read_source

if TYPE_CHECKING:
    from tests.package.conftest import Fill

NOISE = random.Random(7).randbytes(3 * BLOCK + 5)
TEXT = b"".join(b"line %d of a text\n" % (n * n) for n in range(200_000))


def tree(fill: "Fill") -> Path:
    many = {f"many/{n:03d}.py": f"value = {n}\n" * n for n in range(200)}
    edges = {f"edge/{size}": TEXT[:size] for size in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1)}
    mixed = TEXT[: BLOCK + 9] + NOISE[: BLOCK + 9] + TEXT[:BLOCK]
    large = {"text.bin": TEXT, "noise.bin": NOISE, "mixed.bin": mixed, "small.png": NOISE[:70_000]}
    root = fill({**many, **edges, **large, "ünï ✓.txt": "x", "run.sh": "#!/bin/sh\n"})
    (root / "run.sh").chmod(0o4711)
    return root


def pack(root: Path, threads: int | None = None) -> tuple[bytes, Written]:
    output = io.BytesIO()
    written = write_archive(read_source(root).entries, output, threads=threads)
    return output.getvalue(), written


def test_everything_comes_out_as_it_went_in(fill: "Fill") -> None:
    root = tree(fill)
    packed, _ = pack(root)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == [entry.name for entry in read_source(root).entries]
        for name in names:
            assert archive.read(name) == (root / name).read_bytes()


def test_unzip_finds_no_fault(fill: "Fill", tmp_path: Path) -> None:
    if not shutil.which("unzip"):
        pytest.skip("there is no unzip on this machine")
    (tmp_path / "a.zip").write_bytes(pack(tree(fill))[0])

    done = subprocess.run(
        ["unzip", "-t", "a.zip"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "No errors detected" in done.stdout


def test_dates_are_fixed_and_modes_are_two(fill: "Fill") -> None:
    packed, _ = pack(tree(fill))

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        infos = archive.infolist()
        assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.create_system for info in infos} == {3}
        modes = {info.filename: info.external_attr >> 16 for info in infos}
        assert modes.pop("run.sh") == stat.S_IFREG | 0o755
        assert set(modes.values()) == {stat.S_IFREG | 0o644}


def test_the_number_of_threads_does_not_show(fill: "Fill") -> None:
    root = tree(fill)
    first, _ = pack(root, threads=1)

    assert all(pack(root, threads=threads)[0] == first for threads in (2, 3, 8))


def test_sums_are_those_of_the_bytes_written(fill: "Fill") -> None:
    packed, written = pack(tree(fill))

    assert written.size == len(packed)
    assert written.sha256 == hashlib.sha256(packed).hexdigest()
    assert written.crc64 == str(crc64.folded_update(packed, 0))


def test_digests_alone_are_those_of_packing(fill: "Fill") -> None:
    root = tree(fill)

    assert digests(read_source(root).entries) == pack(root)[1].digests


def test_what_does_not_shrink_is_kept_as_it_is(fill: "Fill") -> None:
    packed, _ = pack(fill({"noise.bin": NOISE, "small.png": NOISE[:70_000]}))

    assert len(packed) < len(NOISE) + 70_000 + 2_000


def test_a_file_that_changes_after_the_walk_is_named(fill: "Fill") -> None:
    root = fill({"a.py": "one", "b.bin": NOISE})
    entries = read_source(root).entries
    for name in ("a.py", "b.bin"):
        content = (root / name).read_bytes()
        (root / name).write_bytes(content + b"more")
        with pytest.raises(BuildError, match=f"{name} was changed"):
            write_archive(entries, io.BytesIO())
        (root / name).write_bytes(content)
        times = next(entry.mtime_ns for entry in entries if entry.name == name)
        os.utime(root / name, ns=(times, times))
    write_archive(entries, io.BytesIO())


def test_an_edit_that_keeps_the_size_is_named_too(fill: "Fill") -> None:
    root = fill({"a.py": "one"})
    entries = read_source(root).entries
    (root / "a.py").write_text("two")
    os.utime(root / "a.py", ns=(1, 1))

    with pytest.raises(BuildError, match=r"a\.py was changed"):
        write_archive(entries, io.BytesIO())


def test_a_block_knows_the_end_of_the_one_before(fill: "Fill") -> None:
    repeated = NOISE[:30_000]
    text = TEXT[: BLOCK - len(repeated)] + repeated + repeated + TEXT[:BLOCK]
    packed, _ = pack(fill({"a.bin": text}))
    alone, _ = pack(fill({"a.bin": text.replace(repeated, b"", 1)}))

    assert len(packed) - len(alone) < len(repeated) / 2


def test_a_file_that_cannot_be_read_is_named(fill: "Fill") -> None:
    root = fill({"a.py": "one", "b.py": "two"})
    entries = read_source(root).entries
    (root / "b.py").unlink()

    with pytest.raises(BuildError, match=r"b\.py cannot be read") as caught:
        write_archive(entries, io.BytesIO())
    assert caught.value.exit_code == 2


def test_progress_grows_to_the_whole(fill: "Fill") -> None:
    source = read_source(tree(fill))
    seen: list[int] = []
    write_archive(source.entries, io.BytesIO(), advance=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == source.size
    assert len(seen) > 10


def test_more_files_than_a_plain_zip_can_list() -> None:
    member = Member("", executable=False, method=STORED, crc32=0, size=0, data=b"", digest=b"")
    output = io.BytesIO()
    stream = ZipStream(output)
    stream.add_members(tuple(replace(member, name=f"{n:05d}") for n in range(65_600)))
    stream.finish()

    with zipfile.ZipFile(output) as archive:
        assert len(archive.infolist()) == 65_600
        assert archive.infolist()[-1].filename == "65599"
