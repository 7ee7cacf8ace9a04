"""Gates and probes: endpoints pinned to one version each, and what is asked of them."""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from typing_extensions import assert_never

from agentramp import tick
from agentramp.config import golden
from agentramp.config.ramp_settings import (
    CommandGate,
    Gate,
    GoldenGate,
    ProbeSource,
)
from agentramp.errors import AgentrampError, RefusedError, UsageError
from agentramp.evidence.port import Answer, EvidenceError, Question
from agentramp.evidence.probes import ProbeEvidence
from agentramp.gates import command, model_judge
from agentramp.gates import golden as prompts
from agentramp.gates.chat import Chat
from agentramp.gates.port import Gate as Asked
from agentramp.gates.port import Opinion, Outcome, Pinned
from agentramp.gates.trial import Trials
from agentramp.judge.window import Unit
from agentramp.model import Endpoint, Observed, Split, Status
from agentramp.plan import Subject
from agentramp.planning import Seen, pinned_names, plan_pin
from agentramp.ramp import Ramp
from agentramp.record import Begun
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.target import Target, executor


class UndecidedError(RefusedError):
    """A gate could not say yes or no, so nothing was moved."""


def refusal(
    args: argparse.Namespace,
    context: Context,
    where: Target,
    begun: Begun,
    beside: Ramp | None = None,
) -> str:
    """Why a gate keeps the canary from traffic; empty where all let it through.

    Raises UndecidedError where one gives no answer. Probes need the pinned endpoints too, so where
    the canary is stopped they go back to the versions of ``beside``, a ramp in progress.
    """
    if args.dry_run or not needs_pins(where):
        return ""
    try:
        pinned = pin(args, context, where, begun.stable, begun.canary)
        refused = first_no(context, where.ramp.gates, pinned)
    except AgentrampError:
        _pin_again(args, context, where, beside)
        raise
    if refused:
        _pin_again(args, context, where, beside)
    return refused


def needs_pins(where: Target) -> bool:
    return bool(where.ramp.gates) or isinstance(where.ramp.source, ProbeSource)


def first_no(context: Context, gates: Sequence[Gate], pinned: Pinned) -> str:
    """Why the first gate that does so refuses the canary; raises UndecidedError."""
    for gate in gates:
        opinion = _asked(gate, context).run(pinned)
        for line in (*opinion.details, opinion.reason):
            context.console.say(line)
        match opinion.outcome:
            case Outcome.PASSED:
                continue
            case Outcome.FAILED:
                return opinion.reason
            case Outcome.INCONCLUSIVE:
                raise _undecided(opinion)
            case _:
                assert_never(opinion.outcome)
    return ""


def _pin_again(
    args: argparse.Namespace, context: Context, where: Target, beside: Ramp | None
) -> None:
    if beside:
        pin(args, context, where, beside.stable, beside.canary)


def pin(
    args: argparse.Namespace, context: Context, where: Target, stable: int, canary: int
) -> Pinned:
    """Endpoints that reach one version each, made or moved if need be."""
    refuse_foreign(args, where)
    names = pinned_names(where.endpoint)
    urls = []
    for name, version in zip(names, (canary, stable), strict=True):
        seen = _look(where, name)
        plan = plan_pin(seen, version)
        context.console.plan(plan)
        outcome = executor(args, context, where)(plan)
        endpoint = outcome.endpoint or seen.found
        urls.append(endpoint.url if endpoint else "")
    return Pinned(canary, stable, *urls)


def refuse_foreign(args: argparse.Namespace, where: Target) -> None:
    """An endpoint that only bears the name of a pinned one is a team's own: raises UsageError."""
    for name in pinned_names(where.endpoint):
        if _look(where, name).found and not is_ours(where, name):
            adopt = arguments.again(args, "adopt", endpoint=name)
            raise UsageError(
                f"endpoint {name} is there, and the journal knows nothing of it: gates and probes"
                " would take it over",
                advice="give the ramp's endpoint another name in agentramp.yaml; or, if"
                f" nobody uses {name}: {adopt}",
            )


def is_ours(where: Target, name: str) -> bool:
    return bool(where.journal.read(Subject(where.runtime, name)))


def _look(where: Target, name: str) -> Seen:
    return tick.look(where.platform, where.journal, Subject(where.runtime, name))


@dataclass(frozen=True)
class PinnedProbes:
    """Probes whose endpoints are looked at after them too: another run may have moved them."""

    probes: ProbeEvidence
    observe: Callable[[], Observed]

    @property
    def unit(self) -> Unit:
        return self.probes.unit

    def read(self, question: Question) -> tuple[Answer, ...]:
        answers = self.probes.read(question)
        _pinned(self.observe(), question.endpoint, question.stable, question.canary)
        return answers


def probes(source: ProbeSource, context: Context, where: Target, seen: Seen) -> PinnedProbes:
    """Raises EvidenceError where the pinned endpoints do not reach the versions of the ramp."""
    ramp = seen.standing.ramp
    if ramp is None:
        raise EvidenceError(f"no ramp is in progress on {seen.subject}", advice="run this again")
    canary, stable = _pinned(seen.observed, seen.endpoint, ramp.stable, ramp.canary)
    asked = ProbeEvidence(
        canary.url,
        stable.url,
        golden.read(context.cwd / source.prompts),
        Trials(_chat(context)),
        _chance(context),
        source.count,
    )
    return PinnedProbes(asked, lambda: where.platform.observe(where.runtime))


def _pinned(
    observed: Observed, endpoint: str, stable: int, canary: int
) -> tuple[Endpoint, Endpoint]:
    """The endpoints that reach the canary alone and the stable version alone."""
    names = pinned_names(endpoint)
    return _reaching(observed, names[0], canary), _reaching(observed, names[1], stable)


def _reaching(observed: Observed, name: str, version: int) -> Endpoint:
    found = observed.endpoint(name)
    if found is None:
        raise EvidenceError(
            f"endpoint {name} is not there, so nothing can be probed",
            advice="a release makes it: agentramp release",
        )
    if found.split != Split(version) or found.status is not Status.READY:
        raise EvidenceError(
            f"endpoint {name} serves {found.split} ({found.status.value}) and not version {version}"
            " alone, so probes of it say nothing",
            advice=f"restore --endpoint {name} puts back what a hand moved; else abort and release"
            " again",
        )
    return found


def _asked(gate: Gate, context: Context) -> Asked:
    match gate:
        case GoldenGate(file, repeats, alpha, judge):
            model = None
            if judge:
                model = model_judge.ModelJudge(judge.url, judge.model, context.sleep, judge.token)
            return prompts.GoldenGate(
                golden.read(context.cwd / file),
                Trials(_chat(context), model),
                _chance(context),
                repeats,
                alpha,
            )
        case CommandGate(argv, timeout):
            return command.CommandGate(argv, context.environ, timeout)
        case _:
            assert_never(gate)


def _chat(context: Context) -> Chat:
    return Chat(session=context.nonce)


def _chance(context: Context) -> random.Random:
    return random.Random(context.nonce())  # noqa: S311 - an order, not a secret


def _undecided(opinion: Opinion) -> UndecidedError:
    return UndecidedError(
        f"a gate could not decide: {opinion.reason}",
        advice="mend what kept it from an answer, then release again: no traffic was moved",
    )
