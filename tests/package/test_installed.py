import os
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

from agentramp.package.installed import settle

UV_SCRIPT = """\
#!{python}
# -*- coding: utf-8 -*-
import sys
from tool.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""
PIP_SCRIPT = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys
from tool.cli import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
"""


def install(folder: Path, installer: str, script: str) -> Path:
    """What an installer leaves behind: its signature, its own order, its own path."""
    info = folder / "Tool-1.0.dist-info"
    for made in (info, folder / "tool" / "__pycache__", folder / "bin"):
        made.mkdir(parents=True)
    (folder / "tool" / "cli.py").write_text("def main():\n    print('it runs')\n")
    (folder / "tool" / "__pycache__" / "cli.cpython-312.pyc").write_bytes(b"\0")
    (folder / "bin" / "tool").write_text(script.format(python=folder / "venv/bin/python"))
    (folder / "bin" / "tool").chmod(0o755)
    (folder / "bin" / "raw").write_text(f"#!{folder}/bin/python3.12\nprint(1)\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Tool\nVersion: 1.0\n\nText\n")
    (info / "entry_points.txt").write_text("[console_scripts]\ntool = tool.cli:main [extra]\n")
    (info / "INSTALLER").write_text(installer)
    return info


def uv_folder(folder: Path) -> Path:
    info = install(folder, "uv", UV_SCRIPT)
    (folder / ".lock").touch()
    (info / "REQUESTED").touch()
    (info / "uv_cache.json").write_text("{}")
    names = ["bin/tool", "bin/raw", "Tool-1.0.dist-info/INSTALLER", "Tool-1.0.dist-info/METADATA"]
    names += ["Tool-1.0.dist-info/RECORD", "tool/cli.py", "Tool-1.0.dist-info/entry_points.txt"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    return folder


def pip_folder(folder: Path) -> Path:
    info = install(folder, "pip", PIP_SCRIPT)
    (info / "direct_url.json").write_text(f'{{"url": "{folder}"}}')
    names = ["tool/cli.py", "tool/__pycache__/cli.cpython-312.pyc", "../../bin/tool"]
    names += [f"Tool-1.0.dist-info/{name}" for name in ("METADATA", "RECORD", "entry_points.txt")]
    (info / "RECORD").write_text("".join(f"{name},,\r\n" for name in (*names, "../../bin/raw")))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_what_uv_and_pip_leave_becomes_the_same(tmp_path: Path) -> None:
    first, second = uv_folder(tmp_path / "a"), pip_folder(tmp_path / "deeper" / "b")

    assert settle(first) == settle(second) == ("Tool==1.0",)
    assert contents(first) == contents(second)
    everything = b"".join(contents(first).values())
    assert str(tmp_path).encode() not in everything


def test_start_scripts_still_start(tmp_path: Path) -> None:
    settle(uv_folder(tmp_path))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    script = [str(tmp_path / "bin" / "tool")]

    assert subprocess.run(script, env=environ, capture_output=True, check=True).stdout == (
        b"it runs\n"
    )


def test_the_list_of_files_is_still_true(tmp_path: Path) -> None:
    settle(pip_folder(tmp_path))
    files = PathDistribution(tmp_path / "Tool-1.0.dist-info").files

    assert files is not None
    assert all(Path(str(file.locate())).is_file() for file in files)
    assert [str(file) for file in files][:2] == [
        "Tool-1.0.dist-info/METADATA",
        "Tool-1.0.dist-info/RECORD",
    ]
    script = next(file for file in files if file.name == "tool")
    assert script.size == (tmp_path / "bin" / "tool").stat().st_size


def test_nothing_installed_is_no_fault(tmp_path: Path) -> None:
    assert settle(tmp_path) == ()
