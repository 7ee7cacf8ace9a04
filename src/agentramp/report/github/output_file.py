"""A step's outputs, as lines for the file that GITHUB_OUTPUT names.

Every action has the same names. What a run has nothing to say about stands empty for a ``Result``
and is left out elsewhere.
"""

import json as parsing
from collections.abc import Mapping
from typing import Any

from agentramp.errors import SupersededError
from agentramp.model import Split
from agentramp.report import json
from agentramp.report.deeds import Deeds
from agentramp.report.hiding import Hiding
from agentramp.report.plain import harmless
from agentramp.report.result import Answer, Facts, Result

LONGEST = 400_000
"""Characters of one output. All outputs of a job share a megabyte, counted as UTF-16."""
_TOO_LONG = {"cut": True}
_TEXTS = ("runtime", "version", "previous-version", "url", "verdict", "artifact-digest")
_JSON = frozenset({"weights", "result-json"})
_UNCHANGED = frozenset({2, 3, 6})
"""Exit codes that promise: traffic was not moved, or it was put back."""


def outputs(value: Result | Answer | Facts) -> Mapping[str, object]:
    match value:
        case Result():
            return _of_result(value)
        case Answer():
            return _of_document(value, json.answer(value))
        case Facts():
            return _of_document(value, json.facts(value))


def failed(reason: str, document: str, exit_code: int, deeds: Deeds) -> Mapping[str, object]:
    """Nothing is said of ``changed`` where that is not known for sure."""
    is_untouched = exit_code in _UNCHANGED and not deeds.tried
    known: dict[str, object] = {"changed": "false"} if is_untouched else {}
    known["verdict"] = "superseded" if exit_code == SupersededError.exit_code else "error"
    if deeds.version is not None:
        known["version"] = deeds.version
    return {**known, "reason": _sentence(reason), "result-json": _whole(document)}


def written(pairs: Mapping[str, object], hide: Hiding, delimiter: str) -> str:
    """The lines for the outputs file; ``delimiter`` must be unguessable to keep values apart."""
    return "".join(
        f"{name}<<{delimiter}\n{_shown(name, value, hide)}\n{delimiter}\n"
        for name, value in pairs.items()
    )


def _shown(name: str, value: object, hide: Hiding) -> str:
    if value is None:
        return ""
    return hide.in_json(str(value)) if name in _JSON else hide(str(value))


def _of_result(value: Result) -> Mapping[str, object]:
    artifact = value.artifact
    return {
        "changed": _boolean(yes=value.changed),
        "runtime": value.runtime,
        "version": value.version,
        "previous-version": value.previous_version,
        "url": value.url,
        "weights": _compact(value.after),
        "verdict": value.verdict,
        "reason": _sentence(value.message),
        "artifact-path": artifact.path if artifact else None,
        "artifact-digest": value.artifact_digest,
        "result-json": _whole(json.result(value)),
    }


def _of_document(value: Answer | Facts, document: str) -> Mapping[str, object]:
    """What of its JSON has the name and the kind of an output; all of it is in the JSON."""
    said = parsing.loads(document)
    return {
        "changed": _boolean(yes=value.changed),
        **_named(said),
        "reason": _sentence(value.message),
        "result-json": _whole(document),
    }


def _named(said: Mapping[str, Any]) -> Mapping[str, object]:
    """A status tells of its one endpoint, if it is one; of several none is meant."""
    endpoints = said.get("endpoints")
    if isinstance(endpoints, list) and len(endpoints) == 1 and isinstance(endpoints[0], dict):
        said = {**_of_endpoint(endpoints[0]), **said}
    runtime = said.get("runtime")
    if isinstance(runtime, dict):
        said = {**said, "runtime": runtime.get("name")}
    found: dict[str, object] = {
        name: said[key]
        for name in _TEXTS
        if isinstance(said.get(key := name.replace("-", "_")), str | int)
    }
    weights = said.get("weights")
    if isinstance(weights, dict):
        found["weights"] = parsing.dumps(weights, separators=(",", ":"))
    return found


def _of_endpoint(endpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    ramp = endpoint.get("ramp")
    told = {name: endpoint.get(name) for name in ("url", "version", "weights")}
    if not isinstance(ramp, dict):
        return told
    # As of a step of the ramp: it is about the canary.
    return {**told, "version": ramp.get("canary"), "verdict": ramp.get("verdict")}


def _boolean(*, yes: bool) -> str:
    return "true" if yes else "false"


def _sentence(said: str) -> str:
    line = harmless(said)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _whole(document: str) -> str:
    """JSON that is cut would be none: what is too long is told as such, and stands in the log."""
    if len(document) <= LONGEST:
        return document
    said = parsing.loads(document)
    kept = {name: said[name] for name in ("verb", "ok", "changed", "dry_run") if name in said}
    return parsing.dumps({**kept, **_TOO_LONG})


def _compact(split: Split | None) -> str | None:
    if split is None:
        return None
    return "{" + ",".join(f'"{ref}":{weight}' for ref, weight in split.weights) + "}"
