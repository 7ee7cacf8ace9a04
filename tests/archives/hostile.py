"""Archives that mean harm, or are broken: each a name, its bytes, and what has to be said of it."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

REG, DIR, SYM, LNK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
MILLION = 1_000_000
OUTSIDE = "harm"


@dataclass(frozen=True)
class Hostile:
    """``why`` is a pattern that the error's message matches."""

    name: str
    why: str
    build: Callable[[], bytes]


def member(name: str, content: bytes = b"", kind: bytes = REG, target: str = "") -> bytes:
    """One entry of a tar, as whoever means harm would write it."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, target, len(content), 0o644
    return made.tobuf(tarfile.GNU_FORMAT) + padded(content)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def tar(*members: bytes) -> bytes:
    return b"".join(members) + bytes(1024)


def tgz(*members: bytes) -> bytes:
    return gzip.compress(tar(*members), 1, mtime=0)


OK = member("top/s.yaml", b"fine")


def raw_header(name: bytes, size: bytes, kind: bytes = b"0", target: bytes = b"") -> bytes:
    """A header whose fields are what is written here, with a sum that is right."""
    fields = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0"
    rest = kind + target.ljust(100, b"\0") + b"ustar\x0000" + bytes(80) + bytes(167)
    total = sum(fields) + 8 * 32 + sum(rest)
    return (fields + b"%06o\0 " % total + rest).ljust(512, b"\0")


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    return raw_header(b"pax", b"%011o\0" % len(records), kind) + padded(records)


def record(name: bytes, value: bytes) -> bytes:
    length = len(name) + len(value) + 3
    whole = length + len(str(length))
    whole = length + len(str(whole))
    return b"%d %s=%s\n" % (whole, name, value)


def base256(number: int) -> bytes:
    return b"\x80" + number.to_bytes(11, "big") if number >= 0 else b"\xff" * 11 + b"\x00"


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return made.getvalue()


FINE = ("top/s.yaml", b"fine")


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def renamed(archive: bytes, before: bytes, after: bytes) -> bytes:
    assert len(before) == len(after)
    assert before in archive
    return archive.replace(before, after)


def patched(archive: bytes, at: int, form: str, value: int) -> bytes:
    return archive[:at] + struct.pack(form, value) + archive[at + struct.calcsize(form) :]


def record_at(archive: bytes, which: int = 0) -> int:
    at = -1
    for _ in range(which + 1):
        at = archive.index(b"PK\1\2", at + 1)
    return at


def end(count: int, size: int, begins: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, begins, 0)


def end64(count: int, size: int, begins: int, at: int) -> bytes:
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, begins)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    return large + locator + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


@cache
def directory_of_a_million() -> bytes:
    """Each of a million entries is the one empty file at the beginning, under another name."""
    head = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *[0] * 7, 7, *[0] * 6)
    block = b"".join(head + b"NNNN%03d" % number for number in range(1000))
    return b"".join(block.replace(b"NNNN", b"%04d" % number) for number in range(1000))


def million_in_a_zip(*, lying: bool) -> bytes:
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, *[0] * 7, 7, 0) + b"0000000"
    listed = directory_of_a_million()
    size, begins = len(listed), len(local)
    if lying:
        return local + listed + end(10, size, begins)
    return local + listed + end64(MILLION, size, begins, begins + size)


def million_in_a_tar() -> bytes:
    """A thousand files in each of a thousand folders; the library would take minutes for it.

    Each is in eight folders that nobody named, which count, so that it is soon told.
    The last 800 folders are the second hundred, again and again, as is their packed form: nobody
    gets as far as that, nor to the sum at the end, which is wrong.
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, 31, 9, zlib.Z_RLE)
    first, second = (
        b"".join(
            packer.compress(thousand(sum(b"%03d" % number)).replace(b"NNN/", b"%03d/" % number))
            for number in numbers
        )
        + packer.flush(zlib.Z_FULL_FLUSH)
        for numbers in (range(100), range(100, 200))
    )
    return first + second * 9 + packer.compress(bytes(1024)) + packer.flush()


@cache
def thousand(folder: int) -> bytes:
    """A thousand headers, with sums that are right for a folder whose digits' sum is ``folder``."""
    empty = tarfile.TarInfo("NNN/000/a/b/c/d/e/f/g").tobuf(tarfile.USTAR_FORMAT)
    head, tail = empty[7:148], empty[156:]
    base = sum(b"/") + sum(head) + 8 * 32 + sum(tail) + folder
    digits = (b"%03d" % number for number in range(1000))
    return b"".join(b"NNN/%s%s%06o\0 %s" % (d, head, base + sum(d), tail) for d in digits)


@cache
def zeros(gigabytes: int) -> bytes:
    """So much of nothing, as deflate says it: one part, said again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(bytes(1 << 20))
    first = packer.flush(zlib.Z_SYNC_FLUSH)
    packer.compress(bytes(1 << 20))
    again = packer.flush(zlib.Z_SYNC_FLUSH)
    del first
    return again * (gigabytes << 10)


def bomb_after(head: bytes, gigabytes: int) -> bytes:
    """A gzip file of ``head`` and many zeros. Its sum is wrong, and nobody gets as far as that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begun = packer.compress(head + bytes(1 << 16)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + begun + zeros(gigabytes) + b"\3\0" + bytes(8)


def nested() -> bytes:
    """A gzip file in a gzip file in a gzip file: 4 GB of zeros in some hundred bytes."""
    inner = bytes(1 << 22)
    for _ in range(3):
        inner = gzip.compress(inner * 8, 1, mtime=0)
    return inner


def overlapping() -> bytes:
    """Two entries that are the same bytes, which is how a small zip becomes petabytes."""
    archive = zipped(("top/a", bytes(1 << 20)), ("top/b", bytes(1 << 20)))
    second = record_at(archive, 1)
    first = struct.unpack_from("<L", archive, record_at(archive) + 42)[0]
    return patched(archive, second + 42, "<L", first)


def quoted_inside() -> bytes:
    """The second entry begins inside of the first one's content."""
    inner = zipped(("top/b", b"hidden"))
    local = inner[: inner.index(b"PK\1\2")]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("top/a", local)
        archive.writestr("top/b", b"hidden")
    whole = made.getvalue()
    return patched(whole, record_at(whole, 1) + 42, "<L", whole.index(local))


def cut(archive: bytes, by: int) -> bytes:
    return archive[:-by]


def gz_wrong(at: int) -> bytes:
    good = tgz(OK)
    return (
        good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] if at >= 0 else gz_wrong(len(good) + at)
    )


def encrypted() -> bytes:
    archive = zipped(FINE)
    at = record_at(archive)
    return patched(patched(archive, 6, "<H", 1), at + 8, "<H", 1)


def unusual_method() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("top/s.yaml", bytes(1 << 20))
    return made.getvalue()


def larger_than_said() -> bytes:
    """The directory says 10 bytes, and 1 MB come."""
    archive = zipped(("top/a", bytes(1 << 20)))
    at = record_at(archive)
    return patched(patched(archive, at + 24, "<L", 10), 22, "<L", 10)


def zip_of(ratio_of: int) -> bytes:
    return zipped(*((f"top/{number}", bytes(ratio_of)) for number in range(4)))


def zip64_lie() -> bytes:
    archive = zipped(FINE)
    at, place = record_at(archive), archive.index(b"PK\5\6")
    return archive[:place] + end64(1, 1 << 40, at, place)


def link_bomb() -> bytes:
    """A link that says it is 6 bytes long, with a sum over these that is right, and has 1 GB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begun = packer.compress(b"s.yaml" + bytes(1 << 16)) + packer.flush(zlib.Z_FULL_FLUSH)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("top/s.yaml", b"fine")
        archive.writestr(special("top/l", stat.S_IFLNK | 0o777), begun + zeros(1) + b"\3\0")
    whole, sum_ = bytearray(made.getvalue()), zlib.crc32(b"s.yaml")
    at = record_at(bytes(whole), 1)
    local = struct.unpack_from("<L", whole, at + 42)[0]
    for place, form, value in ((10, "<H", 8), (16, "<L", sum_), (24, "<L", 6)):
        struct.pack_into(form, whole, at + place, value)
        struct.pack_into(form, whole, local + place - 2, value)
    return bytes(whole)


def wants_memory() -> bytes:
    """It says that 4 GB have to be at hand to read it: the dictionary's size, and a sum over it."""
    good = lzma.compress(tar(OK))
    begins, size = 12, 4 * (good[12] + 1)
    header = bytearray(good[begins : begins + size - 4])
    header[4] = 40
    return (
        good[:begins]
        + bytes(header)
        + struct.pack("<L", zlib.crc32(header))
        + good[begins + size :]
    )


def bz2_bomb() -> bytes:
    """One part, said again and again: several streams after one another are one."""
    head = raw_header(b"top/zeros", b"%011o\0" % (90 << 20))
    return bz2.compress(head) + bz2.compress(bytes(1 << 20)) * 90


def links(*pairs: tuple[str, str]) -> bytes:
    return tgz(OK, *(member(f"top/{name}", b"", SYM, target) for name, target in pairs))


def other_name() -> bytes:
    archive = zipped(("top/a", b"x"))
    at = record_at(archive) + 46
    return archive[:at] + b"top/b" + archive[at + 5 :]


def into_directory() -> bytes:
    archive = zipped(("top/a", b"x"))
    return patched(archive, record_at(archive) + 20, "<L", 30)


def contradiction() -> bytes:
    archive = zipped(FINE)
    at, place = record_at(archive), archive.index(b"PK\5\6")
    large = end64(1, place - at, at, place)[:76]
    return archive[:place] + large + end(7, place - at, at)


def zip_wrong_sum() -> bytes:
    archive = zipped(FINE)
    wrong = 0x12345678
    return patched(patched(archive, record_at(archive) + 16, "<L", wrong), 14, "<L", wrong)


def before(archive: bytes) -> bytes:
    """It still begins as a zip does, so that nothing but its own words can tell."""
    return b"PK\3\4#!/bin/sh\n" + archive


def folder_with_content() -> bytes:
    return renamed(zipped(("top/folderX", b"content")), b"folderX", b"folder/")


TARS = [
    Hostile("upwards", "'..'", lambda: tgz(OK, member(f"../../../{OUTSIDE}", b"x"))),
    Hostile("upwards inside", "'..'", lambda: tgz(OK, member(f"top/a/../../../{OUTSIDE}", b"x"))),
    Hostile("absolute", "absolute", lambda: tgz(OK, member(f"/tmp/{OUTSIDE}", b"x"))),
    Hostile("drive", "drive", lambda: tgz(OK, member("C:/x", b"x"))),
    Hostile("backslash", "backslash", lambda: tgz(OK, member(f"..\\..\\{OUTSIDE}", b"x"))),
    Hostile("NUL in a pax path", "NUL", lambda: tgz(pax(record(b"path", b"a\0b")) + OK)),
    Hostile("line end in a name", "control", lambda: tgz(OK, member("top/a\nb", b"x"))),
    Hostile("escape in a name", "control", lambda: tgz(OK, member("top/\x1b[2Jb", b"x"))),
    Hostile("not UTF-8", "UTF-8", lambda: tgz(raw_header(b"top/\xff\xfe", b"%011o\0" % 0), OK)),
    Hostile("absolute link", "absolute", lambda: links(("pw", "/etc/passwd"))),
    Hostile("link that leaves", "leaves", lambda: links(("pw", "../../../../etc/passwd"))),
    Hostile("link beside the top folder", "leaves", lambda: links(("x", "../top/s.yaml"))),
    Hostile("link then a file through it", "goes through", lambda: tgz(
        OK, member("top/d", b"", SYM, "../.."), member(f"top/d/{OUTSIDE}", b"x"))),
    Hostile("chain of links", "another link", lambda: links(
        ("a", "b"), ("b", "../.."), ("s", "a/etc"))),
    Hostile("link through a link", "through another", lambda: tgz(
        OK, member("top/d/f", b"x"), member("top/l", b"", SYM, "d"),
        member("top/m", b"", SYM, "l/f"))),
    Hostile("link in a circle", "another link", lambda: links(("a", "b"), ("b", "a"))),
    Hostile("link to its own folder", "that it is in", lambda: links(("a", "."))),
    Hostile("doubling links", "links in it", lambda: tgz(
        OK, member("top/a/f", b"x"), *(
            member(f"top/{d}/{n}", b"", SYM, f"../{e}") for d, e in ("ba", "cb", "dc") for n in "xy"
        ))),
    Hostile("link to nothing", "not in the archive", lambda: links(("a", "nothing"))),
    Hostile("hard link outside", "leaves", lambda: tgz(
        OK, member("top/h", b"", LNK, "../../etc/passwd"))),
    Hostile("absolute hard link", "absolute", lambda: tgz(
        OK, member("top/h", b"", LNK, "/etc/passwd"))),
    Hostile("hard link through a link", "through another", lambda: tgz(
        OK, member("top/d/f", b"x"), member("top/l", b"", SYM, "d"),
        member("top/h", b"", LNK, "top/l/f"))),
    Hostile("hard links as a bomb", "more than 2 GB", lambda: tgz(
        member("top/f", bytes(3 << 20)),
        *(member(f"top/{number}", b"", LNK, "top/f") for number in range(900)))),
    Hostile("hard links without end", "more than 1000 hard links", lambda: tgz(
        OK, *(member(f"top/{number}", b"", LNK, "top/s.yaml") for number in range(1001)))),
    Hostile("device", "device", lambda: tgz(OK, member("top/sda", b"", tarfile.BLKTYPE))),
    Hostile("terminal", "device", lambda: tgz(OK, member("top/tty", b"", tarfile.CHRTYPE))),
    Hostile("pipe", "pipe", lambda: tgz(OK, member("top/p", b"", tarfile.FIFOTYPE))),
    Hostile("unknown type", "unknown type", lambda: tgz(OK, member("top/p", b"", b"s"))),
    Hostile("sparse", "holes", lambda: tgz(OK, member("top/p", b"", tarfile.GNUTYPE_SPARSE))),
    Hostile("sparse in pax", "holes", lambda: tgz(
        OK, pax(record(b"GNU.sparse.size", b"9" * 12) + record(b"GNU.sparse.map", b"0,1")),
        member("top/p", b"x"))),
    Hostile("twice", "twice", lambda: tgz(OK, OK)),
    Hostile("twice by dots", "twice", lambda: tgz(OK, member("./top//./s.yaml", b"x"))),
    Hostile("twice by case", "case", lambda: tgz(OK, member("top/S.YAML", b"x"))),
    Hostile("twice by accents", "case", lambda: tgz(
        member("top/caf\u00e9", b"x"), member("top/cafe\u0301", b"x"))),
    Hostile("folders by case", "case", lambda: tgz(OK, member("Top/x", b"x"))),
    Hostile("file then folder", "goes through", lambda: tgz(OK, member("top/s.yaml/x", b"x"))),
    Hostile("folder then file", "twice", lambda: tgz(
        member("top/a/b", b"x"), member("top/a", b"x"))),
    Hostile("long part", "longer than 255", lambda: tgz(OK, member("top/" + "x" * 300, b"x"))),
    Hostile("long path", "longer than 1024", lambda: tgz(OK, member("top/" + "abcdefghi/" * 200))),
    Hostile("deep", "64 folders", lambda: tgz(OK, member("a/" * 100 + "b", b"x"))),
    Hostile("long name of the GNU kind", "longer than 64 KB", lambda: bomb_after(
        raw_header(b"././@LongLink", b"%011o\0" % (1 << 32), b"L"), 1)),
    Hostile("large pax header", "longer than 64 KB", lambda: bomb_after(
        raw_header(b"pax", b"%011o\0" % (1 << 32), b"x"), 1)),
    Hostile("chain of pax headers", "longer than 64 KB", lambda: tgz(
        *[pax(record(b"comment", b"x"))] * 5000, OK)),
    Hostile("digits in pax headers", "a number that", lambda: tgz(
        *(pax(b"1" * 60_000) + member(f"t/{n}", b"") for n in range(3)), member("t", b"x"))),
    Hostile("content less than nothing", "before|less than nothing|no tar", lambda: tgz(
        OK, raw_header(b"top/a", base256(-256)), OK)),
    Hostile("folder with content", "with content", lambda: tgz(
        OK, raw_header(b"top/a/", b"%011o\0" % 512, b"5") + bytes(512))),
    Hostile("100 GB of zeros in one file", "more than 2 GB", lambda: bomb_after(
        raw_header(b"top/zeros", base256(100 << 30)), 100)),
    Hostile("100 GB of zeros after the end", "nothing follow", lambda: bomb_after(
        OK + bytes(1024), 100)),
    Hostile("ratio", "200 times", lambda: tgz(
        member("top/zeros", bytes(70 << 20)))),
    Hostile("nested bomb", "no tar|broken", nested),
    Hostile("million entries in a tar", "100000 entries", million_in_a_tar),
    Hostile("wrong length", "length", lambda: gz_wrong(-4)),
    Hostile("wrong sum", "check", lambda: gz_wrong(-8)),
    Hostile("cut gzip", "too early", lambda: cut(tgz(OK), 12)),
    Hostile("cut tar", "middle", lambda: tar(member("top/a", bytes(4096)))[:2000]),
    Hostile("tar without its end", "cut there", lambda: OK),
    Hostile("rubbish after gzip", "follows", lambda: tgz(OK) + b"#!/bin/sh\n"),
    Hostile("second tar after the end", "follows", lambda: tgz(tar(OK), OK)),
    Hostile("rubbish for a header", "entry should begin", lambda: tgz(OK, b"\1" * 512, OK)),
    Hostile("empty tar", "empty", tgz),
    Hostile("folders alone", "empty", lambda: tgz(member("top/", b"", DIR))),
    Hostile("empty file", "empty", lambda: b""),
    Hostile("web page", "browser", lambda: b"<!DOCTYPE html><html>404</html>"),
    Hostile("xz that wants memory", "cannot be read", wants_memory),
    Hostile("bz2 bomb", "200 times", bz2_bomb),
]  # fmt: skip

ZIPS = [
    Hostile("zip upwards", "'..'", lambda: zipped(FINE, (f"../../{OUTSIDE}", b"x"))),
    Hostile("zip absolute", "absolute", lambda: zipped(FINE, (f"/tmp/{OUTSIDE}", b"x"))),
    Hostile("zip drive", "drive", lambda: zipped(FINE, ("C:/x", b"x"))),
    Hostile("zip backslash", "backslash", lambda: zipped(FINE, ("..\\x", b"x"))),
    Hostile("zip NUL", "NUL", lambda: renamed(zipped(FINE, ("top/aXb", b"x")), b"aXb", b"a\0b")),
    Hostile("zip link", "leaves", lambda: zipped(
        FINE, (special("top/l", stat.S_IFLNK | 0o777), b"../../etc/passwd"))),
    Hostile("zip link absolute", "absolute", lambda: zipped(
        FINE, (special("top/l", stat.S_IFLNK | 0o777), b"/etc/passwd"))),
    Hostile("zip long link", "no path", lambda: zipped(
        FINE, (special("top/l", stat.S_IFLNK | 0o777), b"x" * (1 << 20)))),
    Hostile("zip link that is a bomb", "no path", link_bomb),
    Hostile("zip device", "neither", lambda: zipped(FINE, (special("top/d", stat.S_IFBLK), b""))),
    Hostile("zip pipe", "neither", lambda: zipped(FINE, (special("top/d", stat.S_IFIFO), b""))),
    Hostile("zip twice", "twice", lambda: renamed(
        zipped(FINE, ("top/s.yamX", b"x")), b"top/s.yamX", b"top/s.yaml")),
    Hostile("zip twice by case", "case", lambda: zipped(FINE, ("TOP/x", b"x"))),
    Hostile("zip names that differ", "differ", other_name),
    Hostile("zip overlapping", "overlaps", overlapping),
    Hostile("zip entry in another", "overlaps", quoted_inside),
    Hostile("zip into its directory", "overlaps the directory", into_directory),
    Hostile("zip encrypted", "encrypted", encrypted),
    Hostile("zip unusual method", "unusual way", unusual_method),
    Hostile("zip larger than said", "cannot be|no zip|broken", larger_than_said),
    Hostile("zip bomb", "200 times", lambda: zip_of(17 << 20)),
    Hostile("zip million entries", "100000 entries", lambda: million_in_a_zip(lying=False)),
    Hostile("zip million and a lie", "more than its end", lambda: million_in_a_zip(lying=True)),
    Hostile("zip64 lie", "not where", zip64_lie),
    Hostile("zip64 contradiction", "contradict", contradiction),
    Hostile("zip wrong sum", "no zip", zip_wrong_sum),
    Hostile("zip cut", "was cut", lambda: cut(zipped(FINE), 30)),
    Hostile("zip with rubbish after", "follows", lambda: zipped(FINE) + b"rubbish"),
    Hostile("zip with a program before", "not where", lambda: before(zipped(FINE))),
    Hostile("zip empty", "empty", lambda: end(0, 0, 0)),
    Hostile("zip of several disks", "several", lambda: patched(
        zipped(FINE), len(zipped(FINE)) - 18, "<H", 3)),
    Hostile("zip folder with content", "with content", folder_with_content),
]  # fmt: skip

HOSTILE = [*TARS, *ZIPS]
