"""The four steps of a purchase, as who watches is told of them."""

from dataclasses import dataclass, field
from typing import Final

from typing_extensions import assert_never

from agentramp.progress import Progress
from agentramp.site.purchase import Step, Watch
from agentramp.site.standing import (
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    Installed,
    Installing,
    standing,
)

STEPS: Final = 4
TITLES: Final = {
    Step.PAYMENT: "waiting for the payment",
    Step.INSTALLATION: "installing the site",
    Step.START: "starting the site",
}


def begin(progress: Progress) -> None:
    progress.say(f"step 1 of {STEPS}: making a payment session")


@dataclass
class Steps:
    """Each step is told once, trouble when it changes, and how far an installation is."""

    progress: Progress
    _told: set[Step] = field(default_factory=set, init=False)
    _trouble: str = field(default="", init=False)
    _percent: int = field(default=0, init=False)

    def tell(self, watch: Watch) -> None:
        if watch.trouble and watch.trouble != self._trouble:
            self.progress.say(f"{watch.trouble}; asking again")
        self._trouble = watch.trouble
        if watch.order is None:
            return
        match found := standing(watch.order):
            case AwaitingPayment():
                self._begin(Step.PAYMENT)
            case Installing(percent=percent):
                self._begin(Step.INSTALLATION)
                self._percent = max(self._percent, percent)  # no bar goes back
                self.progress.advance(TITLES[Step.INSTALLATION], self._percent, 100)
            case Installed():
                self._begin(Step.START)
            case Expired() | Cancelled() | Failed():
                pass  # the end tells
            case _:
                assert_never(found)

    def _begin(self, step: Step) -> None:
        if step in self._told:
            return
        if step is Step.START and Step.INSTALLATION in self._told:
            self.progress.advance(TITLES[Step.INSTALLATION], 100, 100)
        self._told.add(step)
        self.progress.say(f"step {step.value} of {STEPS}: {TITLES[step]}")
