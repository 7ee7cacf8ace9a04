"""One JSON object per run; every key is always there, so that a program may rely on it."""

import json
from typing import TYPE_CHECKING, Any

from agentramp.diagnostics import ConfigError
from agentramp.model import Artifact, Split
from agentramp.report.result import Answer, Facts, Failure, History, Result

if TYPE_CHECKING:
    from agentramp.plan import Plan


def result(value: Result) -> str:
    return json.dumps(_result(value), ensure_ascii=False)


def _result(value: Result) -> dict[str, Any]:
    return {
        "verb": value.verb,
        "ok": True,
        "changed": value.changed,
        "dry_run": value.dry_run,
        "message": value.message,
        "runtime": value.runtime,
        "runtime_id": value.runtime_id,
        "version": value.version,
        "previous_version": value.previous_version,
        "endpoint": value.endpoint,
        "url": value.url,
        "weights_before": weights(value.before),
        "weights": weights(value.after),
        "artifact": _artifact(value.artifact),
        "artifact_digest": value.artifact_digest,
        "manifest": str(value.manifest) if value.manifest else None,
        "plan": _plan(value.plan),
        "next": value.next,
        "verdict": value.verdict,
        "e": value.e,
        "canary_sessions": value.canary_sessions,
        "endpoints": [_plan(plan) for plan in value.endpoints],
        "resources": [_result(one) for one in value.resources],
    }


def facts(value: Facts) -> str:
    document = {"verb": value.verb, "ok": True, "changed": value.changed, **dict(value.facts)}
    return json.dumps(document, ensure_ascii=False)


def history(value: History) -> str:
    document = {
        "verb": value.verb,
        "ok": True,
        "changed": False,
        "message": value.message,
        "subject": value.subject,
        "records": [json.loads(line) for line in value.lines],
        "page": str(value.page) if value.page else None,
        "next": value.next,
    }
    # Half of a character, which a journal's JSON can hold, could not be printed.
    return json.dumps(document)


def answer(value: Answer) -> str:
    document = {
        "verb": value.verb,
        "ok": value.exit_code == 0,
        "changed": value.changed,
        "message": value.message,
        **{name: json.loads(text) for name, text in value.fields},
        "next": value.next,
    }
    return json.dumps(document, ensure_ascii=False)


def failure(value: Failure) -> str:
    error = value.error
    from agentramp.platform.port import PlatformError  # noqa: PLC0415 - only a failure needs it

    platform = error if isinstance(error, PlatformError) else None
    faults = error.diagnostics if isinstance(error, ConfigError) else ()
    said = {
        "exit_code": error.exit_code,
        "error": type(error).__name__,
        "message": error.message,
        "advice": error.advice,
        "code": platform.code if platform else None,
        "request_id": platform.request_id if platform else None,
        "diagnostics": [
            {
                "file": fault.position.file,
                "line": fault.position.line,
                "column": fault.position.column,
                "path": fault.path,
                "message": fault.message,
                "rule": fault.rule,
            }
            for fault in faults
        ],
    }
    return _failure(value.verb, said)


def _failure(verb: str, said: dict[str, Any]) -> str:
    unsaid: dict[str, Any] = {"error": None, "code": None, "request_id": None, "diagnostics": []}
    return json.dumps({"verb": verb, "ok": False, **unsaid, **said}, ensure_ascii=False)


def end(verb: str, code: int, reason: str, advice: str) -> str:
    """The end of a run that no error of ours describes: a bug, or an interrupt."""
    return _failure(verb, {"exit_code": code, "message": reason, "advice": advice})


def weights(split: Split | None) -> dict[str, int] | None:
    return {str(ref): weight for ref, weight in split.weights} if split else None


def _artifact(artifact: Artifact | None) -> dict[str, Any] | None:
    if artifact is None:
        return None
    return {
        "path": str(artifact.path),
        "sha256": artifact.sha256,
        "crc64": artifact.crc64,
        "size": artifact.size,
    }


def _plan(plan: "Plan | None") -> dict[str, Any] | None:
    if plan is None:
        return None
    from agentramp.report.steps import step  # noqa: PLC0415 - a verb without a plan has no steps

    return {
        "subject": str(plan.subject),
        "steps": [{"step": type(one).__name__, "text": step(one)} for one in plan.steps],
        "way_back": [{"step": type(one).__name__, "text": step(one)} for one in plan.way_back],
        "notes": list(plan.notes),
    }
