from pathlib import Path

import pytest

from agentramp.component import Identity
from agentramp.config.deployed import read_deployed
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError


def home(folder: Path, text: str, name: str = "deployed.yaml") -> Path:
    (folder / ".aigne").mkdir(exist_ok=True)
    (folder / ".aigne" / name).write_text(text, encoding="utf-8")
    return folder


def test_what_the_vendor_s_tool_remembers(tmp_path: Path) -> None:
    root = tmp_path / "agent"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    home(tmp_path, f"{root}:\n  name: shop\n  did: z2qa\n/else: {{name: b, did: z2qb}}\n")
    home(tmp_path, f"{root}: {{did: z2qt}}\n", "deployed.test.yaml")
    assert read_deployed(tmp_path, root, ci=False) == Identity("shop", "z2qa")
    assert read_deployed(tmp_path, tmp_path / "link", ci=False) == Identity("shop", "z2qa")
    assert read_deployed(tmp_path, root, ci=True) == Identity("", "z2qt")
    assert read_deployed(tmp_path, tmp_path, ci=False) is None


@pytest.mark.parametrize("text", ["", "/else: {did: a}", "ROOT: {name: a}", "ROOT: zed"])
def test_what_it_does_not_know(tmp_path: Path, text: str) -> None:
    home(tmp_path, text.replace("ROOT", str(tmp_path)))
    assert read_deployed(tmp_path, tmp_path, ci=False) is None
    assert read_deployed(tmp_path / "nobody", tmp_path, ci=False) is None


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_deployed(home(tmp_path, "a: ["), tmp_path, ci=False)
    (tmp_path / ".aigne" / "deployed.test.yaml").mkdir()
    with pytest.raises(UsageError, match="is no file") as caught:
        read_deployed(tmp_path, tmp_path, ci=True)
    assert "--did" in caught.value.advice
