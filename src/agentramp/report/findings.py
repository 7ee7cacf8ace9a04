"""Findings as a person reads them, and as JSON."""

import json
from collections.abc import Iterator, Sequence

from typing_extensions import assert_never

from agentramp.preflight.finding import Advised, Failed, Finding, Passed, Skipped
from agentramp.report.plain import harmless, wrapped
from agentramp.report.result import Answer

_WIDTH = 80


def answer(verb: str, about: str, findings: Sequence[Finding]) -> Answer:
    """Exit code 2 where something has to be mended; the last line then says what, and how."""
    failed = [one for one in findings if isinstance(one, Failed)]
    end = [f"agentramp {verb}: {_reason(failed)}"] if failed else []
    return Answer(
        verb=verb,
        message=f"{about}: {_sum(findings)}",
        lines=(*lines(findings), *end),
        fields=(("checks", as_json(findings)),),
        exit_code=2 if failed else 0,
    )


def _reason(failed: list[Failed]) -> str:
    first = failed[0]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{first.name}: {first.detail}{more}; {first.fix}"


def _sum(findings: Sequence[Finding]) -> str:
    counts = [
        (sum(isinstance(one, kind) for one in findings), word)
        for kind, word in (
            (Failed, "failed"),
            (Advised, "could be better"),
            (Passed, "passed"),
            (Skipped, "skipped"),
        )
    ]
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    wide = max((len(one.name) for one in findings), default=0)
    for one in findings:
        mark, told, advice = _words(one)
        head = f"  {mark:<4}  {one.name:<{wide}}  "
        words = [*wrapped(harmless(told), _WIDTH - len(head))]
        if advice:
            words += wrapped(f"-> {harmless(advice)}", _WIDTH - len(head))
        for number, line in enumerate(words):
            yield ((" " * len(head) if number else head) + line).rstrip()


def _words(one: Finding) -> tuple[str, str, str]:
    match one:
        case Passed(_, detail):
            return "ok", detail, ""
        case Failed(_, detail, fix):
            return "FAIL", detail, fix
        case Skipped(_, reason):
            return "skip", reason, ""
        case Advised(_, detail, advice):
            return "note", detail, advice
        case _:
            assert_never(one)


def as_json(findings: Sequence[Finding]) -> str:
    outcomes = {"ok": "passed", "FAIL": "failed", "skip": "skipped", "note": "advised"}
    documents = []
    for one in findings:
        mark, told, advice = _words(one)
        found = {"name": one.name, "outcome": outcomes[mark], "detail": told}
        documents.append({**found, "advice": advice or None})
    return json.dumps(documents, ensure_ascii=False)
