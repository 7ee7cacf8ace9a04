"""What is no harm is unpacked as it is, whatever made it."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agentramp.archives.errors import ArchiveError
from agentramp.archives.limits import Limits
from agentramp.archives.unpack import unpack
from tests.archives.hostile import (
    DIR,
    LNK,
    OK,
    SYM,
    end64,
    member,
    pax,
    record,
    special,
    tar,
    zipped,
)


def unpacked(tmp_path: Path, content: bytes, limits: Limits | None = None) -> Path:
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    unpack(archive, tmp_path / "tree", limits or Limits())
    return tmp_path / "tree"


def told(path: Path) -> str:
    return f"-> {path.readlink()}" if path.is_symlink() else path.read_text()


def listed(tree: Path) -> dict[str, str]:
    """Each file's content, and a link's target after an arrow."""
    return {
        str(path.relative_to(tree)): told(path)
        for path in sorted(tree.rglob("*"))
        if path.is_symlink() or path.is_file()
    }  # fmt: skip


WHOLE = tar(
    pax(record(b"comment", b"0" * 40), b"g"),
    member("top/", b"", DIR),
    OK,
    member("top/src/", b"", DIR),
    member("top/src/caf\u00e9.py", b"print()\n"),
    member("top/link", b"", SYM, "src/caf\u00e9.py"),
    member("top/src/up", b"", SYM, "../s.yaml"),
    member("top/folder", b"", SYM, "plain"),
    member("top/plain/x", b"x"),
    member("top/twin", b"", LNK, "top/s.yaml"),
    member("./top/late", b"", LNK, "./top/src/../s.yaml"),
)
CONTENT = {
    "s.yaml": "fine",
    "src/caf\u00e9.py": "print()\n",
    "link": "-> src/caf\u00e9.py",
    "src/up": "-> ../s.yaml",
    "folder": "-> plain",
    "plain/x": "x",
    "twin": "fine",
    "late": "fine",
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_however_it_is_packed(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    tree = unpacked(tmp_path, pack(WHOLE))
    assert listed(tree) == CONTENT
    assert (tree / "folder" / "x").read_text() == "x"
    folders = [path for path in tree.rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_gzip_in_parts_and_with_padding(tmp_path: Path) -> None:
    half = len(WHOLE) // 2
    packed = gzip.compress(WHOLE[:half]) + gzip.compress(WHOLE[half:]) + bytes(700)
    assert listed(unpacked(tmp_path, packed)) == CONTENT


def test_a_zip_by_its_bytes(tmp_path: Path) -> None:
    program = special("top/run.sh", stat.S_IFREG | 0o4755)
    link = special("top/link", stat.S_IFLNK | 0o777)
    content = zipped(("top/", b""), ("top/s.yaml", b"fine"), (program, b"#!"), (link, b"run.sh"))
    tree = unpacked(tmp_path, content)
    assert listed(tree) == {"s.yaml": "fine", "run.sh": "#!", "link": "-> run.sh"}
    assert stat.S_IMODE((tree / "run.sh").stat().st_mode) == 0o700, "setuid is not taken over"
    assert stat.S_IMODE((tree / "s.yaml").stat().st_mode) == 0o600


def test_a_zip_of_the_larger_form(tmp_path: Path) -> None:
    archive = zipped(("top/s.yaml", b"fine"))
    at, place = archive.index(b"PK\1\2"), archive.index(b"PK\5\6")
    whole = archive[:place] + end64(1, place - at, at, place)
    assert listed(unpacked(tmp_path, whole)) == {"s.yaml": "fine"}


def test_what_the_libraries_and_tools_write_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    folder.mkdir()
    (folder / "s.yaml").write_text("fine")
    long = "long" * 40
    (folder / long).write_text("x")
    wanted = {"s.yaml": "fine", long: "x"}
    for number, form in enumerate((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz", format=form) as archive:
            archive.add(folder, ".")
        into = tmp_path / str(number)
        into.mkdir()
        assert listed(unpacked(into, made.getvalue())) == wanted
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(whole, "w") as zipped_,
        zipped_.open("a/s.yaml", "w", force_zip64=True) as file,
    ):
        file.write(b"fine")
    into = tmp_path / "zip"
    into.mkdir()
    assert listed(unpacked(into, whole.getvalue())) == {"s.yaml": "fine"}


def test_two_top_folders_stay(tmp_path: Path) -> None:
    tree = unpacked(tmp_path, tar(OK, member("other/x", b"x")))
    assert listed(tree) == {"top/s.yaml": "fine", "other/x": "x"}


def test_limits_are_what_was_given(tmp_path: Path) -> None:
    archive = tar(OK, member("top/b", b"x" * 100))
    for limits, why in (
        (Limits(entries=2), "more than 2 entries"),
        (Limits(unpacked=100), "more than 100 bytes"),
        (Limits(names=8), "names in it are more"),
        (Limits(unpack_seconds=-1), "takes more than"),
    ):
        with pytest.raises(ArchiveError, match=why):
            unpacked(tmp_path, archive, limits)
        assert list(tmp_path.iterdir()) == [tmp_path / "archive"]
    assert listed(unpacked(tmp_path, archive, Limits(entries=4))) == {
        "s.yaml": "fine",
        "b": "x" * 100,
    }
