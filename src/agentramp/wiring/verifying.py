"""deploy --verify: every endpoint that serves what was deployed is asked before it counts."""

from collections.abc import Sequence

from agentramp.errors import RefusedError
from agentramp.model import LATEST, Endpoint
from agentramp.wiring.asking import PROMPT, TIMEOUT, Asked, VerifyError, asked, told
from agentramp.wiring.context import Context
from agentramp.wiring.deploying import Deployed, Prepared


def refuse_in_vain(prepared: Prepared) -> None:
    """Raises RefusedError, before anything is changed, where there would be nobody to ask."""
    will_be = {plan.subject.endpoint for plan in prepared.endpoints}
    if not will_be and not _serving(prepared, prepared.observed.endpoints):
        raise RefusedError(
            f"nothing serves what is deployed of {prepared.where.runtime}: the file names no"
            f" endpoint that is there, none follows {LATEST}, and there is no"
            f" {prepared.where.endpoint}",
            advice="name an endpoint in the file, use agentramp release, or leave out --verify",
        )


def verified(context: Context, deployed: Deployed) -> tuple[Asked, ...]:
    """Raises VerifyError at the first endpoint that does not answer as an agent does."""
    where = deployed.prepared.where
    answers = []
    for endpoint in _serving(deployed.prepared, deployed.endpoints):
        try:
            answers.append(asked(context, where, endpoint, PROMPT, TIMEOUT))
        except VerifyError as error:
            if endpoint.split.share(LATEST):
                error.advice += f"; {endpoint.name} follows {LATEST}: deploy what was there before"
            raise
        context.console.say(told(answers[-1]))
    return tuple(answers)


def _serving(prepared: Prepared, there: Sequence[Endpoint]) -> list[Endpoint]:
    """Those of s.yaml; where it names none, those that follow the head; else the ramp's."""
    names = {endpoint.name for endpoint in prepared.runtime.endpoints}
    named = [one for one in there if one.name in names]
    following = [one for one in there if one.split.share(LATEST)]
    return named or following or [one for one in there if one.name == prepared.where.endpoint]
