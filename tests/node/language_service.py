"""GitHub's own service over workflows and actions: python -m tests.node.language_service."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.house.accepted import Finding, unaccepted
from tests.house.workflow_files import OWN, ROOT, actions, workflows
from tests.node.installed import node_modules, run

SCRIPT = Path(__file__).with_name("language_service.mjs")


@dataclass(frozen=True)
class Document:
    """``root`` is what ``./`` means in it; ``name`` is how findings call it."""

    name: str
    root: Path
    text: str


def documents() -> list[Document]:
    return [
        Document(str(path.relative_to(ROOT)), root, path.read_text(encoding="utf-8"))
        for path, root in [*((path, ROOT) for path in actions()), *workflows()]
    ]


def findings(asked: Iterable[Document]) -> list[Finding]:
    words = [{"path": one.name, "root": str(one.root), "text": one.text} for one in asked]
    modules = node_modules("languageservice")
    answer = run(SCRIPT, str(modules), OWN, str(ROOT), text=json.dumps(words))
    return [
        Finding("languageservice", one["path"], one["line"], one["column"], one["message"])
        for one in json.loads(answer)
    ]


if __name__ == "__main__":
    sys.exit(unaccepted("languageservice", findings(documents())))
