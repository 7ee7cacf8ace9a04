"""Who is on trial: our judge, and the peers' rules in their documented and in tuned settings."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from itertools import accumulate, pairwise

from agentramp.judge.verdict import Rules
from bench.judge.peers.argo import Argo, ArgoMetric
from bench.judge.peers.flagger import Flagger
from bench.judge.peers.kayenta import Kayenta
from bench.judge.peers.pooled import AsymptoticCS, MixtureSPRT, OBrienFleming, RepeatedZ
from bench.judge.streams import WEIGHTS
from bench.judge.trial import Entrant, Rule

ALPHA = 0.05
OURS = "agentramp"
KAYENTA = "Kayenta"
TUNED_MARGIN = 0.01
DOCS_FAILURE_LIMIT = 3
DOCS_THRESHOLD = 5
NARROWEST_AT = 0.2
KAYENTA_PORTION = 0.1


def peers(
    traffic: float, rate: float, portion: float = 1.0, kayenta: float = KAYENTA_PORTION
) -> list[Entrant]:
    """``tuned`` is set to the true rate of stable plus a point, which no owner knows.

    They are shown ``portion`` of the streams, and Kayenta, which is slow, ``kayenta`` of them.
    """
    tuned = 1 - rate - TUNED_MARGIN
    found = [
        Entrant("Argo docs 95% fl3", partial(Argo, ArgoMetric(0.95, failure_limit=3))),
        Entrant(
            "Argo tuned fl3",
            partial(Argo, ArgoMetric(tuned, failure_limit=DOCS_FAILURE_LIMIT)),
        ),
        Entrant("Argo tuned fl0", partial(Argo, ArgoMetric(tuned))),
        Entrant("Flagger docs 99% thr5", partial(Flagger, 0.99, DOCS_THRESHOLD)),
        Entrant("Flagger tuned thr5", partial(Flagger, tuned, DOCS_THRESHOLD)),
        Entrant(KAYENTA, Kayenta),
        Entrant("z-test each window", partial(RepeatedZ, ALPHA)),
        Entrant("O'Brien-Fleming", partial(OBrienFleming, ALPHA, planned(traffic))),
        Entrant("mSPRT tau .02", partial(MixtureSPRT, ALPHA)),
        Entrant("AsympCS", partial(AsymptoticCS, ALPHA, NARROWEST_AT * traffic * len(WEIGHTS))),
    ]
    return [replace(one, portion=kayenta if one.name == KAYENTA else portion) for one in found]


@cache
def planned(traffic: float) -> tuple[float, ...]:
    """What each window of the ladder adds to the information of both arms' pooled rates."""
    canary = list(accumulate(traffic * weight / 100 for weight in WEIGHTS))
    stable = list(accumulate(traffic * (100 - weight) / 100 for weight in WEIGHTS))
    known = [ours * theirs / (ours + theirs) for ours, theirs in zip(canary, stable, strict=True)]
    return tuple(later - before for before, later in pairwise([0.0, *known]))


def ours(make: Callable[[Rules], Rule], rules: Rules, name: str = OURS) -> Entrant:
    return Entrant(name, partial(make, rules))
