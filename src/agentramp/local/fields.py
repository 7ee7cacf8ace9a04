"""Reads JSON fields into types and collects every fault on the way, each with its field's name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Keys of a JSON object are always text."""
    return isinstance(value, dict)


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Fields:
    """One JSON object; ``where`` is its dotted place, ``faults`` is shared with its children."""

    values: Mapping[str, object]
    where: str = ""
    faults: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def require(self, *names: str) -> None:
        """The service's own words: ``CPU is required; Memory is required``."""
        spoken = {"cpu": "CPU"}
        for name in names:
            if not self.has(name):
                title = spoken.get(name, name[:1].upper() + name[1:])
                self.faults.append(f"{title if not self.where else self._at(name)} is required")

    def text(self, name: str, *, pattern: str = "", longest: int = 0) -> str | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self._fault(name, "must be a string")
            return None
        if pattern and not re.fullmatch(pattern, value):
            self._fault(name, f"must match {pattern}")
            return None
        if longest and len(value) > longest:
            self._fault(name, f"is longer than {longest} characters")
            return None
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not is_whole(value):
            self._fault(name, "must be an integer")
            return None
        if not low <= value <= high:
            self._fault(name, f"must be between {low} and {high}")
            return None
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not is_number(value):
            self._fault(name, "must be a number")
            return None
        if not low <= value <= high:
            self._fault(name, f"must be between {low} and {high}")
            return None
        return float(value)

    def flag(self, name: str) -> bool | None:
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._fault(name, "must be true or false")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._fault(name, "must be a list of strings")
            return ()
        return tuple(value)

    def text_map(self, name: str) -> dict[str, str]:
        value = self.values.get(name)
        if value is None:
            return {}
        if not is_object(value):
            self._fault(name, "must be an object of strings")
            return {}
        for key, one in value.items():
            if not isinstance(one, str):
                self._fault(f"{name}.{key}", "must be a string")
        return {key: one for key, one in value.items() if isinstance(one, str)}

    def child(self, name: str) -> "Fields | None":
        value = self.values.get(name)
        if value is None:
            return None
        if not is_object(value):
            self._fault(name, "must be an object")
            return None
        return Fields(value, self._at(name), self.faults)

    def children(self, name: str) -> "tuple[Fields, ...]":
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._fault(name, "must be a list")
            return ()
        found = []
        for index, one in enumerate(value):
            place = f"{self._at(name)}[{index}]"
            if is_object(one):
                found.append(Fields(one, place, self.faults))
            else:
                self.faults.append(f"{place} must be an object")
        return tuple(found)

    def _at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def _fault(self, name: str, what: str) -> None:
        self.faults.append(f"{self._at(name)} {what}")
