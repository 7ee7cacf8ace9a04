import os
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.model import Code, HealthCheck, RuntimeSpec
from agentramp.preflight import imports, project, secrets
from agentramp.preflight.finding import Advised, Failed, Finding, Passed, Skipped

SPEC = RuntimeSpec("demo", code=Code("python3.12", ("python3", "app.py")), port=9000)
# Put together here so that no scanner takes the file for a leak.
KEY = "LTAI" + "5tAbCdEfGhIjKlMnOpQr"


def files(root: Path, **texts: str) -> list[tuple[str, Path]]:
    """``app_py`` is ``app.py``; two underscores stand for a folder."""
    named = []
    for word, text in texts.items():
        name = word.replace("__", "/").replace("_", ".")
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        named.append((name, path))
    return named


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


# --- imports -----------------------------------------------------------------------------------


def test_what_is_imported_is_looked_for_in_the_built_package(tmp_path: Path) -> None:
    code = "import json, yaml\nimport requests.adapters\nfrom tools.web import x\nimport absent\n"
    named = files(tmp_path, app_py=code, tools__web_py="x = 1\n")
    built = tmp_path / "built.zip"
    with zipfile.ZipFile(built, "w") as archive:
        archive.writestr("app.py", code)
        archive.writestr("python/yaml/__init__.py", "")
        archive.writestr("python/requests/adapters.py", "")
    found = imports.check(named, [], built)
    assert isinstance(found, Failed)
    assert found.detail == "imported, and not in the package: absent (app.py:4)"
    assert "requirements.txt" in found.fix


def test_without_a_package_names_are_compared(tmp_path: Path) -> None:
    code = "import yaml\nfrom PIL import Image\nimport langchain_openai\nimport absent\n"
    named = files(tmp_path, app_py=code)
    asked = ["PyYAML", "pillow", "langchain-openai"]
    found = imports.check(named, asked, None)
    assert isinstance(found, Advised)
    assert "absent (app.py:4)" in found.detail
    assert "yaml" not in found.detail.lower()
    assert isinstance(imports.check(named, [*asked, "absent"], None), Passed)


def test_an_import_that_may_fail_is_its_author_s_business(tmp_path: Path) -> None:
    code = (
        "try:\n    import fast\nexcept ImportError:\n    fast = None\ndef f():\n    import late\n"
    )
    assert isinstance(imports.check(files(tmp_path, app_py=code), [], None), Passed)


def test_no_python_is_no_verdict(tmp_path: Path) -> None:
    assert isinstance(imports.check(files(tmp_path, app_js="1"), [], None), Skipped)


def test_a_file_that_is_no_python_is_passed_over(tmp_path: Path) -> None:
    assert isinstance(imports.check(files(tmp_path, app_py="import ("), [], None), Passed)


def test_a_remark_of_the_compiler_hides_no_import(tmp_path: Path) -> None:
    found = imports.check(files(tmp_path, app_py="import absent\nword = '\\d'\n"), [], None)
    assert isinstance(found, Advised)
    assert "absent (app.py:1)" in found.detail


def test_a_package_that_cannot_be_read_makes_nothing_certain(tmp_path: Path) -> None:
    built = tmp_path / "built.zip"
    built.write_text("half of a package")
    assert isinstance(imports.check(files(tmp_path, app_py="import absent\n"), [], built), Advised)


# --- secrets -----------------------------------------------------------------------------------


def test_a_secret_in_the_code_is_named_and_not_shown(tmp_path: Path) -> None:
    named = files(tmp_path, app_py=f"a = 1\nkey = '{KEY}'\n", logo_png="\0" + KEY)
    found = secrets.in_code(named)
    assert isinstance(found, Failed)
    assert "app.py:2" in found.detail
    assert "logo" not in found.detail
    assert KEY not in repr(found)
    assert isinstance(secrets.in_code(files(tmp_path / "b", app_py="a = 1\n")), Passed)


def test_a_secret_that_was_taken_out_is_still_in_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    files(tmp_path, app_py=f"key = '{KEY}'\n")
    git(tmp_path, "add", "app.py")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    assert isinstance(secrets.in_history(tmp_path, os.environ), Failed)
    files(tmp_path, app_py="key = None\n")
    git(tmp_path, "commit", "--quiet", "-am", "two")
    found = secrets.in_history(tmp_path, os.environ)
    assert isinstance(found, Failed)
    assert "app.py of commit" in found.detail
    assert KEY not in repr(found)


def test_history_is_read_whatever_form_a_person_likes_it_in(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "format.pretty", "%B")
    git(tmp_path, "config", "diff.mnemonicPrefix", "true")
    files(tmp_path, app_py="a = 1\n")
    git(tmp_path, "add", "app.py")
    git(tmp_path, "commit", "--quiet", "-m", f"+key = '{KEY}' stood here")
    assert isinstance(secrets.in_history(tmp_path, os.environ), Passed)
    files(tmp_path, app_py=f"key = '{KEY}'\n")
    git(tmp_path, "commit", "--quiet", "-am", "two")
    found = secrets.in_history(tmp_path, os.environ)
    assert isinstance(found, Failed)
    assert re.search(r"stand in app\.py of commit [0-9a-f]{12}$", found.detail)


def test_a_clean_history_and_none(tmp_path: Path) -> None:
    assert isinstance(secrets.in_history(tmp_path, os.environ), Skipped)
    git(tmp_path, "init", "--quiet")
    files(tmp_path, app_py="a = 1\n")
    git(tmp_path, "add", "app.py")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    assert isinstance(secrets.in_history(tmp_path, os.environ), Passed)


def test_env_is_ignored_would_be_added_or_is_in(tmp_path: Path) -> None:
    assert isinstance(project.env_ignored([tmp_path], os.environ), Skipped)
    git(tmp_path, "init", "--quiet")
    assert isinstance(project.env_ignored([tmp_path], os.environ), Advised), "nothing can leak yet"
    (tmp_path / ".env").write_text("A=1\n")
    would = project.env_ignored([tmp_path], os.environ)
    assert isinstance(would, Failed)
    assert ".gitignore" in would.fix
    (tmp_path / ".gitignore").write_text(".env\n")
    assert isinstance(project.env_ignored([tmp_path], os.environ), Passed)
    git(tmp_path, "add", "--force", ".env")
    tracked = project.env_ignored([tmp_path], os.environ)
    assert isinstance(tracked, Failed)
    assert "is in git" in tracked.detail


# --- the file's figures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("run(app, port=9000)", Passed),
        ("run(app, port=8080)", Failed),
        ("HTTPServer(('0.0.0.0', 9000), H)", Passed),
        ("int(os.environ.get('PORT', '8000'))", Failed),
        ("AgentRunServer(invoke_agent=f).start()", Passed),
        ("print('hello')", Skipped),
    ],
)
def test_the_port_of_the_code_and_of_the_file(
    tmp_path: Path, code: str, kind: type[Finding]
) -> None:
    assert isinstance(project.port_agrees(SPEC, files(tmp_path, app_py=code)), kind)


def test_the_port_of_the_command() -> None:
    command = ("uvicorn", "app:app", "--port", "8000")
    spec = replace(SPEC, code=Code("python3.12", command))
    assert isinstance(project.port_agrees(spec, []), Failed)
    assert isinstance(project.port_agrees(replace(spec, port=8000), []), Passed)


def test_the_size_of_a_package() -> None:
    assert isinstance(project.package_size(None), Skipped)
    assert isinstance(project.package_size(10_000_000), Passed)
    assert isinstance(project.package_size(project.LARGE + 1), Advised)


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (replace(SPEC, cpu=2, memory=4096, instance_concurrency=50), ["sizing"]),
        (replace(SPEC, cpu=0.5, memory=512, instance_concurrency=100), ["memory"]),
        (replace(SPEC, cpu=4, memory=2048), ["cpu"]),
        (replace(SPEC, cpu=0.5, memory=4096), ["cpu"]),
        (replace(SPEC, health_check=HealthCheck(period=5, timeout=30)), ["health check"]),
    ],
)
def test_figures_that_contradict_each_other(spec: RuntimeSpec, names: list[str]) -> None:
    assert [one.name for one in project.sizing(spec)] == names
