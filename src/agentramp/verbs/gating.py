"""Gates and probes: endpoints pinned to one version each, and what is asked of them."""

import argparse
import random
from pathlib import Path

from typing_extensions import assert_never

from agentramp import tick
from agentramp.config import golden
from agentramp.config.ramp_settings import (
    CommandGate,
    Gate,
    GoldenGate,
    ProbeSource,
)
from agentramp.errors import RefusedError
from agentramp.evidence.port import EvidenceError
from agentramp.evidence.probes import ProbeEvidence
from agentramp.gates import command, model_judge
from agentramp.gates import golden as prompts
from agentramp.gates.chat import Chat
from agentramp.gates.port import Gate as Asked
from agentramp.gates.port import Opinion, Outcome, Pinned
from agentramp.gates.prompts import Prompt
from agentramp.gates.trial import Trials
from agentramp.model import Endpoint
from agentramp.plan import Subject
from agentramp.planning import Seen, pinned_names, plan_pin
from agentramp.record import Begun
from agentramp.verbs.context import Context
from agentramp.verbs.target import Target, executor


class UndecidedError(RefusedError):
    """A gate could not say yes or no, so nothing was moved."""


def refusal(args: argparse.Namespace, context: Context, where: Target, begun: Begun) -> str:
    """Why a gate keeps the canary from traffic; empty where all let it through.

    Raises UndecidedError where one gives no answer. Probes need the pinned endpoints too.
    """
    if args.dry_run or not (where.ramp.gates or isinstance(where.ramp.source, ProbeSource)):
        return ""
    pinned = pin(args, context, where, begun.stable, begun.canary)
    for gate in where.ramp.gates:
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


def pin(
    args: argparse.Namespace, context: Context, where: Target, stable: int, canary: int
) -> Pinned:
    """Endpoints that reach one version each, made or moved if need be."""
    names = pinned_names(where.endpoint)
    urls = []
    for name, version in zip(names, (canary, stable), strict=True):
        seen = tick.look(where.platform, where.journal, Subject(where.runtime, name))
        plan = plan_pin(seen, version)
        context.console.plan(plan)
        outcome = executor(args, context, where)(plan)
        endpoint = outcome.endpoint or seen.found
        urls.append(endpoint.url if endpoint else "")
    return Pinned(canary, stable, *urls)


def probes(source: ProbeSource, context: Context, where: Target, seen: Seen) -> ProbeEvidence:
    """Probes of the two pinned endpoints; raises EvidenceError where they are not there."""
    canary, stable = (_pinned(seen, name) for name in pinned_names(where.endpoint))
    return ProbeEvidence(
        canary.url,
        stable.url,
        golden.read(context.cwd / source.prompts),
        Trials(_chat(context)),
        _chance(context),
        source.count,
    )


def _pinned(seen: Seen, name: str) -> Endpoint:
    found = seen.observed.endpoint(name)
    if found is None:
        raise EvidenceError(
            f"endpoint {name} is not there, so nothing can be probed",
            advice="a release makes it: agentramp release",
        )
    return found


def _asked(gate: Gate, context: Context) -> Asked:
    match gate:
        case GoldenGate(file, repeats, alpha, judge):
            model = None
            if judge:
                model = model_judge.ModelJudge(judge.url, judge.model, context.sleep, judge.token)
            return prompts.GoldenGate(
                _prompts(context, file),
                Trials(_chat(context), model),
                _chance(context),
                repeats,
                alpha,
            )
        case CommandGate(argv, timeout):
            return command.CommandGate(argv, context.environ, timeout)
        case _:
            assert_never(gate)


def _prompts(context: Context, file: Path) -> tuple[Prompt, ...]:
    return golden.read(context.cwd / file)


def _chat(context: Context) -> Chat:
    return Chat(session=context.nonce)


def _chance(context: Context) -> random.Random:
    return random.Random(context.nonce())  # noqa: S311 - an order, not a secret


def _undecided(opinion: Opinion) -> UndecidedError:
    return UndecidedError(
        f"a gate could not decide: {opinion.reason}",
        advice="mend what kept it from an answer, then release again: no traffic was moved",
    )
