"""How a purchase goes on: from what was heard last to what is done next. Pure.

The vendor's own client waits its five minutes out where a session has expired or an installation
has failed, and takes an empty address for a site. Here each of these is an end, or no end, at once.
"""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from typing_extensions import assert_never

from agentramp.site.broker.port import (
    Application,
    BrokerError,
    Detail,
    Order,
    OverError,
    PassingError,
    UnreadableError,
    Vendor,
)
from agentramp.site.standing import (
    BROKEN,
    AwaitingPayment,
    Cancelled,
    Expired,
    Failed,
    Installed,
    Installing,
    launcher_of,
    standing,
)

STEP_SECONDS: Final = 300.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds between two questions: each time half as much again, up to the longest."""
_GROWTH: Final = 1.5
_NO_ADDRESS: Final = "the broker names no site that has an https address"
MOST_UNREADABLE: Final = 5
"""So many answers in a row that make no sense are no passing trouble."""


class Step(Enum):
    """What is waited for, in its order; the first of the four steps is the session itself."""

    PAYMENT = 2
    INSTALLATION = 3
    START = 4


@dataclass(frozen=True)
class Limits:
    """Seconds: for each step, and for all of them together."""

    step: float = STEP_SECONDS
    whole: float = 4 * STEP_SECONDS
    wait_for_payment: bool = True


@dataclass(frozen=True)
class Watch:
    """Where this run stands; it begins anew with each run. ``order`` is what was heard last."""

    began: float
    since: float
    step: Step = Step.PAYMENT
    asked: int = 0
    unreadable: int = 0
    order: Order | None = None
    application: Application | None = None
    trouble: str = ""

    @classmethod
    def begin(cls, now: float) -> "Watch":
        return cls(now, now)


# What is done next.


@dataclass(frozen=True)
class AskOrder:
    pause: float = 0.0


@dataclass(frozen=True)
class AskApplication:
    url: str
    pause: float = 0.0


@dataclass(frozen=True)
class AskDetail:
    owner_did: str
    app_did: str
    pause: float = 0.0


# How it ends.


@dataclass(frozen=True)
class Site:
    url: str
    home_url: str = ""
    dashboard_url: str = ""
    subscription_url: str = ""
    locale: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Done:
    site: Site


@dataclass(frozen=True)
class TimedOut:
    """``trouble`` is what stood in the way last, if anything did."""

    step: Step
    seconds: float
    trouble: str


@dataclass(frozen=True)
class Unknown:
    """The broker does not tell, and would not if it were asked again."""

    reason: str
    advice: str


Question: TypeAlias = AskOrder | AskApplication | AskDetail
End: TypeAlias = Done | AwaitingPayment | Expired | Cancelled | Failed | TimedOut | Unknown
Heard: TypeAlias = Order | Application | Detail | BrokerError


def first(now: float) -> tuple[Watch, Question]:
    return Watch.begin(now), AskOrder()


def decide(watch: Watch, heard: Heard, now: float, limits: Limits) -> tuple[Watch, Question | End]:
    """``heard`` answers the question that was asked last."""
    watch = replace(watch, asked=watch.asked + 1)
    match heard:
        case Order():
            return _after_order(_understood(watch, order=heard), heard, now, limits)
        case Application():
            return _after_application(_understood(watch, application=heard), heard, now, limits)
        case Detail():
            return _after_detail(_understood(watch), heard, now, limits)
        case BrokerError():
            return _after_trouble(watch, heard, now, limits)
        case _:
            assert_never(heard)


def _understood(
    watch: Watch, *, order: Order | None = None, application: Application | None = None
) -> Watch:
    return replace(
        watch,
        unreadable=0,
        trouble="",
        order=order or watch.order,
        application=application or watch.application,
    )


def _after_order(
    watch: Watch, order: Order, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    match found := standing(order):
        case AwaitingPayment():
            if not limits.wait_for_payment:
                return watch, found
            watch = replace(watch, trouble=found.trouble)
            return _waited(watch, AskOrder(), now, limits)
        case Installing():
            return _waited(_at(watch, Step.INSTALLATION, now), AskOrder(), now, limits)
        case Installed(app_url=url):
            return _after_installation(_at(watch, Step.START, now), url, now, limits)
        case Expired() | Cancelled() | Failed():
            return watch, found
        case _:
            assert_never(found)


def _after_installation(
    watch: Watch, app_url: str, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    if not app_url:
        watch, following = _waited(watch, AskOrder(), now, limits)
        if isinstance(following, TimedOut):  # till then it is in the order of things
            following = replace(following, trouble=_NO_ADDRESS)
        return watch, following
    return watch, AskApplication(app_url)


def _at(watch: Watch, step: Step, now: float) -> Watch:
    """A step's time begins with the step; none is gone back to."""
    if step.value <= watch.step.value:
        return watch
    return replace(watch, step=step, since=now, asked=1)


def _after_application(
    watch: Watch, said: Application, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    broken = [place or "/" for place, status in said.components if status in BROKEN]
    if broken:
        return watch, Failed(f"the new site does not start: {', '.join(broken)} failed")
    if said.status == "stopped":
        return watch, Failed("the new site was stopped")
    if said.status in BROKEN:
        return watch, Failed(f"the new site does not start: it says {said.status}")
    if _is_up(said):
        return watch, AskDetail(said.owner_did, said.app_did)
    return _waited(watch, AskApplication(_app_url(watch)), now, limits)


def _after_detail(
    watch: Watch, said: Detail, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    launcher = launcher_of(said.vendors)
    if launcher is None:
        watch = replace(watch, trouble="the broker's detail of the order names no site")
        return _waited(watch, _ask_detail(watch), now, limits)
    return watch, Done(_site(said, launcher, _app_url(watch)))


def _site(said: Detail, vendor: Vendor, app_url: str) -> Site:
    """At the place that was asked and runs: an address elsewhere was answered for by nobody."""
    return Site(
        vendor.app_url if _origin(vendor.app_url) == _origin(app_url) else app_url,
        vendor.home_url,
        vendor.dashboard_url,
        said.subscription_url,
        said.locale,
        vendor.token,
    )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _ask_detail(watch: Watch) -> AskDetail:
    said = watch.application
    return AskDetail(said.owner_did, said.app_did) if said else AskDetail("", "")


def _app_url(watch: Watch) -> str:
    launcher = launcher_of(watch.order.vendors) if watch.order else None
    return launcher.app_url if launcher else ""


def _after_trouble(
    watch: Watch, error: BrokerError, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    again = _same(watch)
    match error:
        case UnreadableError():
            watch = replace(watch, unreadable=watch.unreadable + 1, trouble=error.message)
            # A site that is being started may be answered for by anything.
            if watch.unreadable >= MOST_UNREADABLE and not isinstance(again, AskApplication):
                said = f"{error.message}, {watch.unreadable} times in a row"
                return watch, Unknown(said, error.advice)
        case OverError():
            pass  # what stood in the way before it still did
        case PassingError():
            watch = replace(watch, trouble=error.message)
        case _:
            return watch, Unknown(error.message, error.advice)
    return _waited(watch, again, now, limits)


def _same(watch: Watch) -> Question:
    """The question that trouble was the answer to."""
    found = standing(watch.order) if watch.order else None
    if not isinstance(found, Installed) or not found.app_url:
        return AskOrder()
    if _is_up(watch.application):
        return _ask_detail(watch)
    return AskApplication(found.app_url)


def _is_up(said: Application | None) -> bool:
    """An owner, and components that all run: a site without any is none yet."""
    if said is None or not (said.owner_did and said.components):
        return False
    return all(status == "running" for _, status in said.components)


def _waited(
    watch: Watch, question: Question, now: float, limits: Limits
) -> tuple[Watch, Question | End]:
    """Asked again after a pause, unless that would be too late."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * _GROWTH ** min(watch.asked - 1, 20))
    for began, seconds in ((watch.since, limits.step), (watch.began, limits.whole)):
        left = began + seconds - now
        if left <= 0:
            return watch, TimedOut(watch.step, seconds, watch.trouble)
        pause = min(pause, left)
    return watch, replace(question, pause=pause)
