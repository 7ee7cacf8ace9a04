import io
import stat
import zipfile
from pathlib import Path

import pytest

from agentramp.local.archive import LIMITS, ArchiveError, Limits, check, unpack


def check_bytes(content: bytes, limits: Limits = LIMITS) -> None:
    check(io.BytesIO(content), limits)


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def packed(*entries: tuple[zipfile.ZipInfo, str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for info, text in entries:
            archive.writestr(info, text)
    return sink.getvalue()


def link(name: str, goal: str) -> tuple[zipfile.ZipInfo, str]:
    return entry(name, stat.S_IFLNK | 0o777), goal


def test_files_folders_modes_and_links(tmp_path: Path) -> None:
    content = packed(
        (entry("folder/", stat.S_IFDIR | 0o755), ""),
        (entry("folder/run.sh", stat.S_IFREG | 0o755), "#!/bin/sh"),
        (entry("deep/down/中文.txt"), "text"),
        link("folder/same", "run.sh"),
        link("folder/other", "../deep/down/中文.txt"),
    )
    check_bytes(content)
    source = tmp_path / "code.zip"
    source.write_bytes(content)
    code = tmp_path / "run" / "code"
    unpack(source, code)
    assert (code / "folder/run.sh").stat().st_mode & 0o777 == 0o700
    assert (code / "deep/down/中文.txt").stat().st_mode & 0o777 == 0o600
    assert (code / "folder/same").read_text() == "#!/bin/sh"
    assert (code / "folder/other").read_text() == "text"


@pytest.mark.parametrize(
    "entries",
    [
        [(entry("/etc/passwd"), "")],
        [(entry("../outside"), "")],
        [(entry("a/../../outside"), "")],
        [(entry("a\\..\\outside"), "")],
        [link("out", "/etc/passwd")],
        [link("out", "../outside")],
        [link("a/out", "../../outside")],
        [link("a/out", "b/../../../outside")],
        [link("folder", "."), (entry("folder/file"), "")],
        [link("long", "x" * 5000)],
    ],
)
def test_what_points_outside_is_refused(
    entries: list[tuple[zipfile.ZipInfo, str]], tmp_path: Path
) -> None:
    content = packed(*entries)
    with pytest.raises(ArchiveError):
        check_bytes(content)
    source = tmp_path / "code.zip"
    source.write_bytes(content)
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "run" / "code")
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "run" / "outside").exists()


def test_two_files_of_one_name(tmp_path: Path) -> None:
    source = tmp_path / "code.zip"
    with pytest.warns(UserWarning, match="Duplicate"):
        source.write_bytes(packed((entry("a"), "1"), (entry("a"), "2")))
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code")


@pytest.mark.parametrize("limits", [Limits(files=2), Limits(size=10)])
def test_more_than_is_allowed(limits: Limits, tmp_path: Path) -> None:
    content = packed(*((entry(name), "text") for name in "abc"))
    with pytest.raises(ArchiveError):
        check_bytes(content, limits)
    source = tmp_path / "code.zip"
    source.write_bytes(content)
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code", limits)


def test_an_archive_that_says_it_is_smaller_than_it_is(tmp_path: Path) -> None:
    content = bytearray(packed((entry("a"), "x" * 5000)))
    for place in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[place : place + 4] = (10).to_bytes(4, "little")
    source = tmp_path / "code.zip"
    source.write_bytes(bytes(content))
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code")


@pytest.mark.parametrize("content", [b"", b"no zip", packed((entry("a"), "x" * 99))[:-30]])
def test_what_is_no_archive(content: bytes) -> None:
    with pytest.raises(ArchiveError):
        check_bytes(content)


def test_a_link_that_leaves_only_through_other_links(tmp_path: Path) -> None:
    """Word for word ``a/b/l/../..`` stays inside; by way of the link it does not."""
    inside = packed((entry("a/b/file"), ""), link("a/b/l", ".."), link("in", "a/b/l/.."))
    check_bytes(inside)
    content = packed((entry("a/b/file"), ""), link("a/b/l", ".."), link("out", "a/b/l/../.."))
    with pytest.raises(ArchiveError, match="'out' points out of the archive"):
        check_bytes(content)
    source = tmp_path / "code.zip"
    source.write_bytes(content)
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code")


def test_links_that_go_round() -> None:
    with pytest.raises(ArchiveError, match="too many links"):
        check_bytes(packed(link("a", "b"), link("b", "a")))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("mode", [stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777])
def test_a_damaged_stream(method: int, mode: int, tmp_path: Path) -> None:
    sink = io.BytesIO()
    info = entry("app", mode)
    info.compress_type = method
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(info, "".join(map(str, range(900))))
    content = bytearray(sink.getvalue())
    content[45:80] = b"\xff" * 35
    source = tmp_path / "code.zip"
    source.write_bytes(bytes(content))
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code")
    if stat.S_ISLNK(mode):
        with pytest.raises(ArchiveError):
            check_bytes(bytes(content))


@pytest.mark.parametrize(("place", "value"), [(8, 1), (10, 99)], ids=["encrypted", "unknown"])
def test_what_cannot_be_read(place: int, value: int, tmp_path: Path) -> None:
    """An encrypted entry, and one that is packed in a way nobody knows."""
    content = bytearray(packed((entry("a"), "text")))
    content[content.index(b"PK\x01\x02") + place] = value
    content[content.index(b"PK\x03\x04") + place - 2] = value
    source = tmp_path / "code.zip"
    source.write_bytes(bytes(content))
    with pytest.raises(ArchiveError):
        unpack(source, tmp_path / "code")
