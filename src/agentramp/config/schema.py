"""A JSON schema, asked about a file; its answers become our Diagnostics."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from agentramp.config.paths import fault
from agentramp.config.sentences import Fault, sentences
from agentramp.config.tree import Mapping, Scalar, Step, at, is_null, plain
from agentramp.diagnostics import Diagnostic

Schema: TypeAlias = dict[str, Any]

S_YAML: Final = "s-schema.json"
AGENTRAMP_YAML: Final = "ramp-schema.json"
_OUTPUT_IS_TEXT: Final = "what is known only later is a text, and no text can stand here"


@cache
def schema(name: str = S_YAML) -> Schema:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    loaded: Schema = json.loads(text)
    return loaded


def schema_faults(tree: Mapping, name: str = S_YAML) -> Iterator[Diagnostic]:
    """Give every fault the schema knows of; values that could not be resolved are passed over."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - half of a validation's start-up

    for error in Draft202012Validator(schema(name)).iter_errors(plain(tree)):
        path: tuple[Step, ...] = tuple(error.absolute_path)
        node = at(tree, path) if path else tree
        if isinstance(node, Scalar) and not node.resolved:
            if (
                node.pending
                and error.validator == "type"
                and "string" not in str(error.validator_value)
            ):
                yield fault(tree, path, _OUTPUT_IS_TEXT, "type")
            continue
        found = Fault(path, str(error.validator), error.validator_value, error.schema, node)
        for sentence in sentences(found):
            empty = sentence.rule == "required" and _is_empty(tree, sentence.path)
            message = "has no value; give it one or remove the key" if empty else sentence.message
            yield fault(tree, sentence.path, message, sentence.rule)


def _is_empty(tree: Mapping, path: tuple[Step, ...]) -> bool:
    """Tell a key with nothing after it from a key that is not there."""
    holder = at(tree, path[:-1]) if path[:-1] else tree
    entry = holder.entry(str(path[-1])) if isinstance(holder, Mapping) else None
    return entry is not None and is_null(entry.value)
