import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.package.errors import BuildError
from agentramp.package.source import read_installed, read_source
from tests.unprivileged import open_folder, unprivileged

if TYPE_CHECKING:
    from tests.package.conftest import Fill

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"


def names(root: Path) -> list[str]:
    return [entry.name for entry in read_source(root).entries]


def test_names_are_sorted_by_their_bytes(fill: "Fill") -> None:
    root = fill({"b.py": "", "a/z.py": "", "a.py": "", "B.py": "", "ä.py": "", "a-b.py": ""})

    assert names(root) == ["B.py", "a-b.py", "a.py", "a/z.py", "b.py", "ä.py"]


@pytest.mark.parametrize(
    ("rules", "packed"),
    [
        ("*.log\n", ["a.py", "logs/keep.txt"]),
        ("logs/\n", ["a.py", "b.log"]),
        ("/b.log\n", ["a.py", "logs/c.log", "logs/keep.txt"]),
        ("*.log\n!logs/c.log\n", ["a.py", "logs/c.log", "logs/keep.txt"]),
        ("logs/*\n!logs/keep.txt\n", ["a.py", "b.log", "logs/keep.txt"]),
        ("logs/\n!logs/keep.txt\n", ["a.py", "b.log"]),
        ("**/c.log\n# a remark\n\n", ["a.py", "b.log", "logs/keep.txt"]),
        ("l?gs/[a-c].log\n", ["a.py", "b.log", "logs/keep.txt"]),
        ("\ufeffa.py\n", ["b.log", "logs/c.log", "logs/keep.txt"]),
    ],
)
@pytest.mark.parametrize("file", [".fcignore", ".arignore"])
def test_ignore_files_mean_what_git_means(
    fill: "Fill", file: str, rules: str, packed: list[str]
) -> None:
    root = fill({"a.py": "", "b.log": "", "logs/c.log": "", "logs/keep.txt": "", file: rules})

    assert names(root) == packed


def test_the_second_ignore_file_overrules_the_first(fill: "Fill") -> None:
    root = fill({"a.log": "", "b.log": "", ".fcignore": "*.log\n", ".arignore": "!b.log\n"})

    assert names(root) == ["b.log"]


def test_an_ignore_file_that_is_not_text_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match=r"\.fcignore"):
        read_source(fill({"a.py": "", ".fcignore": b"\xff\xfe\x00"}))


def test_what_is_never_packed_has_no_say_in_it(fill: "Fill") -> None:
    never = [".git/config", ".hg/x", ".svn/x", ".agentramp/x", ".s/x", ".venv/x", "venv/x"]
    never += ["a/__pycache__/a.cpython-312.pyc", "a/b.pyc", ".DS_Store", "env/pyvenv.cfg", "env/x"]
    again = "".join(f"!{name}\n!{name.partition('/')[0]}\n" for name in never)

    assert names(fill({**dict.fromkeys(never, "x"), "a/b.py": "", ".fcignore": again})) == [
        "a/b.py"
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", "KEY=1"),
        ("deep/.env", "KEY=1"),
        (".ENV", "KEY=1"),
        (".env.production", "KEY=1"),
        (".env-production", "KEY=1"),
        (".env.example.local", "KEY=1"),
        ("prod.env", "KEY=1"),
        ("deep/Staging.env", "KEY=1"),
        (".envrc", "export KEY=1"),
        ("key.p8", "MIGT"),
        ("login.ppk", "PuTTY-User-Key-File-3: ssh-ed25519"),
        ("store.jks", b"\xfe\xed\xfe\xed"),
        ("debug.keystore", b"\xfe\xed\xfe\xed"),
        (".htpasswd", "admin:$apr1$x"),
        ("terraform.tfstate", "{}"),
        ("terraform.tfstate.backup", "{}"),
        ("pip.conf", "[global]\nindex-url = https://robot:hunter22@registry.invalid/simple\n"),
        ("pip.conf", "[global]\nproxy = robot:hunter22@proxy.invalid:3128\n"),
        (".pip/pip.ini", "[global]\nextra-index-url = https://ghp_x@registry.invalid/simple\n"),
        ("uv.toml", 'index-url = "https://ghp_x@registry.invalid/simple"'),
        ("requirements-dev.txt", "--index-url https://ghp_x@registry.invalid/simple\n"),
        ("server.pem", PRIVATE),
        ("chain.pem", CERTIFICATE + PRIVATE),
        ("unknown.pem", "what is this"),
        ("tls.key", PRIVATE),
        ("store.p12", b"\x30\x82"),
        ("store.pfx", b"\x30\x82"),
        ("id_rsa", PRIVATE),
        ("id_ed25519_deploy", "key"),
        ("passwords.kdbx", b"\x03"),
        (".netrc", "machine a login b password c"),
        (".npmrc", "//registry/:_authToken=abc"),
        ("credentials.json", '{"AccessKeyId": "a", "AccessKeySecret": "b"}'),
        ("my-service-account.json", '{"private_key": "x"}'),
    ],
)
def test_secrets_stay_out_and_are_named_even_when_asked_for(
    fill: "Fill", name: str, content: str | bytes
) -> None:
    root = fill({name: content, "a.py": "", ".fcignore": f"!{name}\n!*\n"})
    source = read_source(root)

    assert [entry.name for entry in source.entries] == ["a.py"]
    assert source.secrets == (name,)


@pytest.mark.parametrize("folder", [".aws", ".ssh", "deep/.aliyun"])
def test_folders_of_secrets_stay_out(fill: "Fill", folder: str) -> None:
    source = read_source(fill({f"{folder}/config": "x", "a.py": ""}))

    assert [entry.name for entry in source.entries] == ["a.py"]
    assert source.secrets == (f"{folder}/",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env.example", "KEY="),
        (".env.sample", "KEY="),
        (".env.production.template", "KEY="),
        ("example.env", "KEY="),
        ("env.py", ""),
        ("main.tf", ""),
        ("pip.conf", "[global]\nindex-url = https://registry.invalid/simple\n# ask a@b.invalid\n"),
        ("requirements-dev.txt", "--index-url https://${USER}:${PASS}@registry.invalid/simple\n"),
        ("ca.pem", CERTIFICATE),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        ("id_rsa_reader.py", "pass"),
        (".npmrc", "save-exact=true"),
        ("credentials.json", '{"help": "how to log in"}'),
        ("environment.py", ""),
        ("keyboard.keys", ""),
    ],
)
def test_what_only_looks_like_a_secret_is_packed(fill: "Fill", name: str, content: str) -> None:
    source = read_source(fill({name: content}))

    assert [entry.name for entry in source.entries] == [name]
    assert source.secrets == ()


def test_an_ignored_secret_is_not_reported(fill: "Fill") -> None:
    assert read_source(fill({".env": "A=1", "a.py": "", ".fcignore": ".env\n"})).secrets == ()


def test_a_link_is_packed_as_the_file_it_points_to(fill: "Fill") -> None:
    root = fill({"real/a.txt": "content"})
    (root / "near.txt").symlink_to("real/a.txt")
    (root / "absolute.txt").symlink_to(root / "real" / "a.txt")
    (root / "folder").symlink_to("real", target_is_directory=True)
    entries = read_source(root).entries

    packed = ["absolute.txt", "folder/a.txt", "near.txt", "real/a.txt"]
    assert [entry.name for entry in entries] == packed
    assert {Path(entry.path).read_text() for entry in entries} == {"content"}


def test_a_link_to_a_secret_does_not_smuggle_it_in(fill: "Fill") -> None:
    root = fill({".env": "A=1", ".aws/credentials": "x", "a.py": ""})
    (root / "settings").symlink_to(".env")
    (root / "cloud").symlink_to(".aws", target_is_directory=True)
    (root / "one").symlink_to(".aws/credentials")
    source = read_source(root)

    assert [entry.name for entry in source.entries] == ["a.py"]
    assert source.secrets == (".aws/", ".env", "cloud", "one", "settings")


@pytest.mark.parametrize(
    ("target", "message"),
    [("../outside.txt", "out of the source folder"), ("nowhere", "link to nothing")],
)
def test_a_link_that_cannot_be_packed_is_named(
    fill: "Fill", tmp_path: Path, target: str, message: str
) -> None:
    root = fill({"a.py": ""})
    (tmp_path / "outside.txt").write_text("x")
    (root / "lost").symlink_to(target)

    with pytest.raises(BuildError, match=f"lost is a .*{message}") as caught:
        read_source(root)
    assert caught.value.exit_code == 2
    (root / ".fcignore").write_text("lost\n")
    assert names(root) == ["a.py"]


@pytest.mark.parametrize("target", [".", "..", "../ring"])
def test_a_link_that_leads_round_in_a_circle_ends(fill: "Fill", target: str) -> None:
    root = fill({"a/b.py": ""})
    (root / "a" / "back").symlink_to(target, target_is_directory=True)
    (root / "ring").symlink_to("a/back", target_is_directory=True)

    with pytest.raises(BuildError, match=r"back|ring"):
        read_source(root)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
def test_a_pipe_and_a_socket_are_refused(fill: "Fill", monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill({"a.py": ""})
    os.mkfifo(root / "pipe")
    with pytest.raises(BuildError, match="pipe is neither a file nor a folder"):
        read_source(root)
    (root / "pipe").unlink()
    monkeypatch.chdir(root)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        with pytest.raises(BuildError, match="sock is neither"):
            read_source(root)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not store such names")
def test_a_name_that_is_not_utf8_is_refused(fill: "Fill") -> None:
    root = fill({"a.py": ""})
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.txt")).write_text("x")

    with pytest.raises(BuildError, match="not UTF-8"):
        read_source(root)


def test_an_unreadable_folder_is_named() -> None:
    with open_folder() as root:
        closed = root / "closed"
        closed.mkdir(mode=0)
        try:
            with unprivileged(), pytest.raises(BuildError, match="closed"):
                read_source(root)
        finally:
            closed.chmod(0o700)


def test_installed_certificates_and_folders_named_venv_stay_in(tmp_path: Path) -> None:
    for name in ("certifi/cacert.pem", "tool/venv/a.py", "a.py", "__pycache__/a.pyc", "b.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PRIVATE)

    packed = [entry.name for entry in read_installed(tmp_path, "python")]
    assert packed == ["python/a.py", "python/certifi/cacert.pem", "python/tool/venv/a.py"]
