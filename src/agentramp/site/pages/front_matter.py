"""What stands in front of a page between two lines of ``---``."""

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from agentramp.diagnostics import Diagnostic, Position

MOST: Final = 16 * 1024
"""Characters."""
_DEEPEST: Final = 8
_OPEN: Final = re.compile(r"---[ \t]*\n")
_CLOSE: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_RULE: Final = "front-matter"
_YES: Final = frozenset({"true", "yes", "on", "1"})
_NO: Final = frozenset({"false", "no", "off", "0", ""})


@dataclass(frozen=True)
class FrontMatter:
    """``lines`` is how many lines of the file it takes, ``body`` what stands below."""

    body: str
    lines: int = 0
    title: str = ""
    icon: str = ""
    labels: tuple[str, ...] = ()
    order: float | None = None
    draft: bool = False


def read(text: str, file: str, faults: list[Diagnostic]) -> FrontMatter:
    """What is wrong is added to ``faults``, and the page is read as if it were not there."""
    opened = _OPEN.match(text)
    closed = _CLOSE.search(text, opened.end()) if opened else None
    if opened is None or closed is None:
        return FrontMatter(text)
    head = text[opened.end() : closed.start()]
    lines = text.count("\n", 0, closed.end()) + 1
    body = text[closed.end() + 1 :]
    reader = _Reader(file, faults)
    values = reader.values(head)
    texts = _texts(head) if values else {}
    return FrontMatter(
        body,
        lines,
        title=reader.words(values, texts, "title"),
        icon=reader.words(values, texts, "icon"),
        labels=reader.labels(values),
        order=reader.order(values),
        draft=reader.draft(values),
    )


@dataclass(frozen=True)
class _Reader:
    file: str
    faults: list[Diagnostic]

    def fault(self, message: str, *, path: str = "", line: int = 2, column: int = 1) -> None:
        self.faults.append(Diagnostic(Position(self.file, line, column), path, message, _RULE))

    def values(self, head: str) -> dict[str, Any]:
        if len(head) > MOST:
            self.fault(f"the front matter is longer than {MOST} characters")
            return {}
        try:
            trouble = _odd(head)
            tree = {} if trouble else yaml.safe_load(head)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            self.fault("this is not valid YAML", line=line + 2, column=column + 1)
            return {}
        except (yaml.YAMLError, ValueError):
            self.fault("this is not valid YAML")
            return {}
        if trouble or not isinstance(tree, dict | None):
            self.fault(trouble or "the front matter is no mapping; write it as `title: …`")
        return tree if isinstance(tree, dict) else {}

    def words(self, values: dict[str, Any], texts: dict[str, str], name: str) -> str:
        """As it is written: YAML would make 1.1 of a title 1.10, and False of No."""
        if values.get(name) is None:
            return ""
        if name not in texts:
            self.fault(f"{name} is no text", path=name)
        return texts.get(name, "").strip()

    def draft(self, values: dict[str, Any]) -> bool:
        """What may be meant as a draft is not published."""
        value = values.get("draft")
        if value is None or isinstance(value, bool):
            return bool(value)
        said = str(value).strip().lower()
        if said not in _YES | _NO:
            self.fault("draft is neither true nor false", path="draft")
        return said not in _NO

    def labels(self, values: dict[str, Any]) -> tuple[str, ...]:
        value = values.get("labels")
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.fault("labels is no list of texts; write labels: [One, Two]", path="labels")
        return ()

    def order(self, values: dict[str, Any]) -> float | None:
        value = values.get("order")
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:  # noqa: PLR0124 - .nan
            return float(value) if abs(value) < MOST * MOST else None
        self.fault("order is no number", path="order")
        return None


def _texts(head: str) -> dict[str, str]:
    """The values that are one word or one line, as they are written."""
    node = yaml.compose(head, Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {
        str(name.value): str(value.value)
        for name, value in pairs
        if isinstance(value, yaml.ScalarNode)
    }


def _odd(head: str) -> str:
    """Looked at as events, which neither nest nor expand."""
    depth = 0
    for event in yaml.parse(head, Loader=yaml.SafeLoader):
        if isinstance(event, AliasEvent):
            return "the front matter has an alias (*); write the value where it is wanted"
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return f"the front matter is nested deeper than {_DEEPEST} levels"
    return ""
