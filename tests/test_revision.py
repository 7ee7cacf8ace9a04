"""What git says, by a program of that name that says just that."""

from pathlib import Path

import pytest

from agentramp.errors import UsageError
from agentramp.revision import commit, has_remote

NO_TEXT = "\\377"
"""A byte that stands in no UTF-8, as printf takes it."""


def said(folder: Path, script: str) -> dict[str, str]:
    git = folder / "git"
    git.write_text(f"#!/bin/sh\n{script}\n")
    git.chmod(0o755)
    return {"PATH": str(folder)}


def test_a_changed_file_whose_name_is_no_text_makes_the_commit_dirty(tmp_path: Path) -> None:
    status = f"printf ' M {NO_TEXT}.txt'"
    environ = said(tmp_path, f'if [ "$1" = status ]; then {status}; else printf abc; fi')
    assert commit(tmp_path, environ) == "abc-dirty"


def test_a_refusal_that_names_such_a_folder_is_told(tmp_path: Path) -> None:
    environ = said(tmp_path, f"printf 'fatal: cannot open {NO_TEXT}' >&2; exit 128")
    with pytest.raises(UsageError, match="cannot open \N{REPLACEMENT CHARACTER}"):
        has_remote(tmp_path, "origin", environ)
