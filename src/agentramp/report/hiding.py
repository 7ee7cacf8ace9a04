"""Hides, in what leaves by another way than the log, each text that a runner's log masks.

A summary, an output, a comment: none of them passes the runner's own masking. A secret comes there
as the log's masks have it, and spelled as a page, a command line or a workflow command needs it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MASK: Final = "***"
_OURS: Final = re.compile(r"[a-z_]+")
"""A key that is a name of ours, on which programs rely."""


@dataclass
class Hiding:
    """Knows what was masked so far; before anything was, it costs nothing."""

    _forms: dict[str, None] = field(default_factory=dict, init=False, repr=False)
    _spelled: tuple[str, ...] | None = field(default=None, init=False, repr=False)

    def add(self, forms: Iterable[str]) -> None:
        self._forms.update(dict.fromkeys(forms))
        self._spelled = None

    def __call__(self, text: str) -> str:
        if not self._forms:
            return text
        if self._spelled is None:
            found = {one for form in self._forms for one in _spellings(form)}
            self._spelled = tuple(sorted(found, key=lambda one: (-len(one), one)))
        for one in self._spelled:  # the longest first: one may hold another
            if one in text:
                text = text.replace(one, MASK)
        return text

    def in_json(self, document: str) -> str:
        """The same of a JSON text, which stays one: only its values are looked at."""
        if not self._forms:
            return document
        said = json.loads(document)
        hidden = self._hidden(said)
        # As it was written, where nothing is to be hidden: programs compare weights as text.
        return document if hidden == said else json.dumps(hidden, ensure_ascii=False)

    def _hidden(self, value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
        match value:
            case str():
                return self(value)
            case dict():
                return {self._key(key): self._hidden(one) for key, one in value.items()}
            case list():
                return [self._hidden(one) for one in value]
            case None | bool():
                return value
            case _:
                told = str(value)
                return value if self(told) == told else MASK

    def _key(self, key: str) -> str:
        return key if _OURS.fullmatch(key) else self(key)


def _spellings(form: str) -> Iterator[str]:
    """As it stands in a page, in a quoted word of a command, and in a workflow command."""
    from agentramp.report.command_line import quoted  # noqa: PLC0415 - where a secret is known
    from agentramp.report.github import escaping  # noqa: PLC0415 - as above
    from agentramp.report.plain import cannot_act, harmless  # noqa: PLC0415 - as above

    for one in dict.fromkeys((form, repr(form)[1:-1], json.dumps(form)[1:-1], *quoted(form))):
        yield from (one, harmless(one), cannot_act(one))
        yield from (escaping.data(one), escaping.value(one))
        # At the beginning of a line a mark is escaped that is none elsewhere.
        yield from (escaping.text(one), escaping.text(f".{one}")[1:])
        yield harmless(one).replace("|", "\\|")
