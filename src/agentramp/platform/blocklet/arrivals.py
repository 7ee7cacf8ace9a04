"""Waits for what was sent to a Blocklet Server to arrive and to run.

Seconds by a clock that nobody sets. The component's own ``timeout.start`` (60 s mostly) passes
before the server gives up one that does not start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from agentramp.component import Application, Bundle, Component, Health
from agentramp.platform.blocklet.calls import LostAnswerError
from agentramp.platform.port import NotAppliedError, NotReadyError, UnreachableError
from agentramp.progress import Progress, Silent

FIRST_POLL, SLOWER, SLOWEST_POLL = 0.2, 1.5, 5.0
TELL_EVERY: Final = 15.0

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How long is waited at most."""

    start: float = 300.0
    """For a component to run, once the server has it."""
    arrival: float = 20.0
    """For a bundle whose upload was never answered to show."""
    stale: float = 5.0
    """For a server that said yes to stop showing what was before."""
    quiet: float = 180.0
    """For the other components of the application to have started."""
    gone: float = 120.0
    """For a component to be gone."""
    back: float = 3.0
    """For one that is gone to come back: the server may write an older list over the newer."""
    swap: float = 60.0
    """For the version before to end, once both are said to run."""
    away: float = 60.0
    """For a server that began a change and then answers nothing: it may be starting anew."""


@dataclass(frozen=True)
class Watch:
    """Reads until something is so; ``away``: how long a server may answer nothing meanwhile."""

    read: Callable[[], Application]
    now: Callable[[], float]
    sleep: Callable[[float], None]
    progress: Progress = field(default_factory=Silent)
    away: float = 0.0

    def until(self, seen: Callable[[Application, float], T | None], title: str) -> T:
        """The first thing that ``seen`` makes of a reading and of the seconds waited so far."""
        begun = told = self.now()
        wait = FIRST_POLL
        while True:
            application = self._read()
            now = self.now()
            if (found := seen(application, now - begun)) is not None:
                return found
            if now - told >= TELL_EVERY:
                told = now
                self.progress.say(f"{title} ({now - begun:.0f} s)")
            self.sleep(wait)
            wait = min(wait * SLOWER, SLOWEST_POLL)

    def _read(self) -> Application:
        ends = self.now() + self.away
        while True:
            try:
                return self.read()
            except UnreachableError as error:
                if self.now() >= ends:
                    raise
                self.progress.say(f"{error.message}; waiting for the server")
            self.sleep(SLOWEST_POLL)


@dataclass
class Steady:
    """Whether something has been so for ``seconds``, in one reading after the other."""

    seconds: float
    _since: float | None = field(default=None, init=False)

    def holds(self, passed: float, *, so: bool) -> bool:
        self._since = None if not so else passed if self._since is None else self._since
        return self._since is not None and passed - self._since >= self.seconds


@dataclass
class Arrival:
    """One bundle on its way into an application; ``lost`` is why nobody knows whether it came.

    While the server replaces a component it shows the new version before that runs, and the old
    one again where it did not start. An answer would come after that; without one it is waited for.
    """

    bundle: Bundle
    limits: Limits
    start: Callable[[], None]
    """Asks the server to start it: it leaves one that was stopped as it was."""
    lost: UnreachableError | None = None
    side: str = ""
    """Where the version before ran: what runs there may still be that one, and about to be shown
    as it again, also after the server's answer."""
    _arrived: bool = field(default=False, init=False)
    _steady: Steady = field(init=False)
    _doubled: Steady = field(init=False)

    def __post_init__(self) -> None:
        self._steady = Steady(self.limits.stale)
        self._doubled = Steady(self.limits.swap)

    def seen(self, application: Application, passed: float) -> Component | None:
        """The component once it runs as sent; None: look again. Raises what came of it instead."""
        found = application.component(self.bundle.identity.did)
        if found is None or not is_of(found, self.bundle):
            self._check_elsewhere(found, passed)
            return None
        self._arrived = True
        is_stuck = self._doubled.holds(passed, so=found.doubled)
        runs = found.health is Health.RUNNING
        has_changed = not self.side or found.side != self.side
        is_told = runs and has_changed and self.lost is None
        if is_told or self._steady.holds(passed, so=runs):
            return found
        if is_stuck:
            raise NotReadyError(
                f"{self._name} is said to run, and {self.limits.swap:g} s later so is the version"
                " before it",
                advice="usual cause: it ended at start and the server did not notice; look into"
                " the component's log on the server",
            )
        if runs or found.doubled:
            return None
        self._check(found, passed)
        if found.health is Health.STOPPED:
            self.start()
        return None

    def _check_elsewhere(self, found: Component | None, passed: float) -> None:
        limits = self.limits
        changing = found is not None and found.health is Health.CHANGING
        patience = limits.arrival if self.lost else limits.stale
        if not self._arrived and passed <= (limits.start if changing else patience):
            return
        if self.lost and not self._arrived:
            raise self.lost
        if found is None:
            # Two changes at once: the server wrote its list of before over the one with it.
            raise LostAnswerError(
                f"{self._name} was taken, but nothing is there",
                advice="usual cause: another change to the application at the same moment;"
                " run this again when it has ended",
            )
        if found.version == self.bundle.version:
            raise NotAppliedError(
                f"{self._name} was taken, but another bundle of that version is there,"
                f" {found.status}",
                advice="usual cause: somebody else sent one at the same moment; deploy again, as"
                " another version",
            )
        raise NotAppliedError(
            f"{self._name} was taken, but version {found.version} is there, {found.status}",
            advice="usual cause: it does not start, and the server went on with the version before;"
            " look into the component's log on the server",
        )

    def _check(self, found: Component, passed: float) -> None:
        if found.health is Health.BROKEN:
            raise NotReadyError(
                f"{self._name} does not run: {found.status}",
                advice="usual cause: it ends at start or does not listen on BLOCKLET_PORT;"
                " look into the component's log on the server",
            )
        if passed > self.limits.start:
            raise NotReadyError(
                f"{self._name} is still {found.status} after {passed:.0f} s",
                advice="the server may still finish it: run this again to go on waiting",
            )

    @property
    def _name(self) -> str:
        return f"{self.bundle.identity.name} {self.bundle.version}"


def is_of(found: Component, bundle: Bundle) -> bool:
    """Whether ``found`` was installed from this very bundle, as far as the server says."""
    return found.version == bundle.version and found.integrity in {"", bundle.integrity}
