from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentramp.package.errors import BuildError
from agentramp.package.requirements import read_requirements

if TYPE_CHECKING:
    from tests.package.conftest import Fill

ASKS = """\
# a remark
six==1.16.0  # another
idna
requests >=2, <3 ; python_version < "3.13"
click==8.*
local @ file:///wheels/local-1.0-py3-none-any.whl
./wheels/own-1.0-py3-none-any.whl
--index-url https://registry.invalid/simple
jinja2 \\
    ==3.1.4 --hash=sha256:00
"""


@pytest.mark.parametrize("text", [None, "", "# nothing\n\n", "--no-index\n"])
def test_a_folder_may_ask_for_nothing(fill: "Fill", text: str | None) -> None:
    root = fill({"a.py": ""} if text is None else {"requirements.txt": text})

    assert read_requirements(root) is None


def test_requirements_are_counted_and_the_loose_ones_named(fill: "Fill") -> None:
    found = read_requirements(fill({"requirements.txt": ASKS}))

    assert found is not None
    assert len(found.lines) == 7
    assert found.unpinned == ("idna", "requests", "click")
    assert found.hashed


def test_included_files_belong_to_the_digest(fill: "Fill") -> None:
    files = {"requirements.txt": "-r more/base.txt\n-cpins.txt\nsix==1.16.0\n"}
    root = fill({**files, "more/base.txt": "-r ../requirements.txt\nidna==3.10\n", "pins.txt": ""})
    first = read_requirements(root)
    assert first is not None
    assert len(first.lines) == 2
    for name in ("more/base.txt", "pins.txt"):
        (root / name).write_text("idna==3.9\n")
        changed = read_requirements(root)
        assert changed is not None
        assert changed.digest != first.digest
        first = changed


def test_a_missing_included_file_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match=r"lost\.txt cannot be read"):
        read_requirements(fill({"requirements.txt": "-r lost.txt\n"}))


def test_a_file_that_is_not_text_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match=r"requirements\.txt is not UTF-8"):
        read_requirements(fill({"requirements.txt": b"\xff\xfes\0i\0x\0"}))


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://user:hunter22@registry.invalid/simple",
        "--extra-index-url https://hunter22@registry.invalid/",
        "--extra-index-url=https://hunter22:@registry.invalid/",
        "--index-url https://user:${PART}hunter22@registry.invalid/",
        "--index-url https://user:hunter@22@registry.invalid/",
        "# --index-url https://user:hunter22@registry.invalid/simple",
        "own @ https://hunter22@registry.invalid/own-1.0-py3-none-any.whl",
        "own @ git+https://oauth2:hunter22@registry.invalid/own.git@main",
        "https://registry.invalid/own-1.0-py3-none-any.whl?access_token=hunter22",
        "-r https://hunter22@registry.invalid/more.txt",
    ],
)
@pytest.mark.parametrize("more", ["", "six==1.16.0\n"])
def test_a_login_in_an_address_is_refused_and_not_shown(fill: "Fill", line: str, more: str) -> None:
    root = fill({"requirements.txt": f"# first\n{line}\n{more}"})

    with pytest.raises(BuildError, match=r"^requirements\.txt:2: ") as caught:
        read_requirements(root)
    assert caught.value.exit_code == 2
    assert "hunter" not in f"{caught.value.message}{caught.value.advice}"
    assert "PIP_INDEX_URL" in (caught.value.advice or "")


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://${USER}:${PASS}@registry.invalid/simple",
        "--index-url https://robot:${PASS}@registry.invalid/simple",
        "--index-url https://${TOKEN}@registry.invalid/simple",
        "--index-url https://registry.invalid/simple",
        "--index-url https://oauth2accesstoken@registry.invalid/simple",
        "own @ git+ssh://git@registry.invalid/own.git@1.0",
        "own @ git+https://registry.invalid/own.git@1.0",
        "# write https://<user>:<password>@registry.invalid/simple in PIP_INDEX_URL, ask a@b.c",
    ],
)
def test_an_address_without_a_secret_is_taken(fill: "Fill", line: str) -> None:
    assert read_requirements(fill({"requirements.txt": f"six==1.16.0\n{line}\n"})) is not None


def test_a_login_in_an_included_file_counts_where_that_is_packed(
    fill: "Fill", tmp_path: Path
) -> None:
    secret = "--index-url https://hunter22@registry.invalid/simple\n"
    (tmp_path / "outside.txt").write_text(secret)
    root = fill({"requirements.txt": "-r ../outside.txt\nsix==1.16.0\n", "more/a.txt": secret})
    assert read_requirements(root) is not None

    (root / "requirements.txt").write_text("-r more/a.txt\nsix==1.16.0\n")
    with pytest.raises(BuildError, match=r"^more/a\.txt:1: "):
        read_requirements(root)


@pytest.mark.parametrize(
    "line",
    [
        "../wheels/own-1.0-py3-none-any.whl",
        "../wheels/own-1.0-py3-none-any.whl[extra] ; python_version > '3.8'",
        "own @ ../wheels/own-1.0-py3-none-any.whl",
        "own @ file://{folder}/wheels/own-1.0-py3-none-any.whl --hash=sha256:00",
        "file://{folder}/wheels/own-1.0-py3-none-any.whl",
        "{folder}/wheels/own-1.0-py3-none-any.whl",
        "--find-links ../wheels\nown",
        "--find-links=../wheels\nown",
        "-f{folder}/wheels\nown",
        "-f file://{folder}/wheels\nown",
        "-r more/deep.txt",
    ],
)
def test_the_content_of_local_wheels_belongs_to_the_digest(
    fill: "Fill", tmp_path: Path, line: str
) -> None:
    deep = "--find-links ../../wheels\nown\n"
    text = line.replace("{folder}", tmp_path.as_posix())
    root = fill({"requirements.txt": f"{text}\n", "more/deep.txt": deep})
    wheel = tmp_path / "wheels" / "own-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    found = []
    for content in ("one", "two", "one"):
        wheel.write_text(content)
        requirements = read_requirements(root)
        assert requirements is not None
        assert (requirements.unseen, requirements.local) == ((), ("own",))
        found.append(requirements.digest)

    assert found[0] == found[2] != found[1]


def test_a_new_wheel_in_a_folder_of_wheels_is_seen(fill: "Fill", tmp_path: Path) -> None:
    root = fill({"requirements.txt": "--find-links ../wheels\nown\n"})
    (tmp_path / "wheels").mkdir()
    first = read_requirements(root)
    (tmp_path / "wheels" / "notes.txt").write_text("no wheel")
    second = read_requirements(root)
    (tmp_path / "wheels" / "own-2.0-py3-none-any.whl").write_text("two")
    third = read_requirements(root)

    assert first is not None
    assert second is not None
    assert third is not None
    assert first.digest == second.digest != third.digest


@pytest.mark.parametrize(
    ("line", "unseen"),
    [
        ("-r https://host.invalid/more.txt", "-r https://host.invalid/more.txt"),
        ("six\n-c https://host.invalid/pins.txt", "-c https://host.invalid/pins.txt"),
        ("-r ${FOLDER}/more.txt", "-r ${FOLDER}/more.txt"),
        ("${FOLDER}/own-1.0-py3-none-any.whl", "${FOLDER}/own-1.0-py3-none-any.whl"),
        ("-e .", "."),
        ("own @ ../source", "../source"),
    ],
)
def test_what_cannot_be_looked_into_is_named(fill: "Fill", line: str, unseen: str) -> None:
    found = read_requirements(fill({"requirements.txt": f"{line}\n"}))

    assert found is not None
    assert found.unseen == (unseen,)


def test_names_versions_and_addresses_are_left_to_the_installer(fill: "Fill") -> None:
    found = read_requirements(fill({"requirements.txt": ASKS + "-f https://host.invalid/x\n"}))

    assert found is not None
    assert found.unseen == ()


def test_zeros_in_the_text_are_refused(fill: "Fill") -> None:
    with pytest.raises(BuildError, match="not UTF-8 text"):
        read_requirements(fill({"requirements.txt": "./own.whl".encode("utf-16-le")}))


def test_an_impossible_path_is_named(fill: "Fill") -> None:
    with pytest.raises(BuildError, match="cannot be read"):
        read_requirements(fill({"requirements.txt": f"./{'x' * 5000}.whl\n"}))
