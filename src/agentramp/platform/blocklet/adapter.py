"""The components port over a Blocklet Server's GraphQL.

The server says yes before it has done anything: what counts is what is read back. An upload whose
answer was lost is sent once more only after reading showed that the server does not have it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Final

from agentramp.component import Application, Bundle, Component, Health
from agentramp.exchange import is_near
from agentramp.platform.blocklet import discovery, wire
from agentramp.platform.blocklet.arrivals import Arrival, Limits, Steady, Watch
from agentramp.platform.blocklet.calls import Calls, Line, LostAnswerError
from agentramp.platform.blocklet.checks import check_bundle, check_mount_point
from agentramp.platform.blocklet.pages import Pages, resolves
from agentramp.platform.blocklet.refusals import is_busy
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.platform.blocklet.upload import Upload
from agentramp.platform.port import (
    AlreadyExistsError,
    NotAppliedError,
    NotFoundError,
    NotReadyError,
    PlatformError,
    untouched,
)
from agentramp.progress import Progress, Silent

UPLOAD_SECONDS: Final = 1800.0
_ROUTER_SECONDS: Final = 3.0
_SERVER_FAULT: Final = 500
_NOT_FOUND: Final = 404
_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class BlockletServer:
    """Application ``app`` on the server at ``url``; '' where ``url`` is the application's own.

    ``nonce`` gives a fresh random word. ``page`` is where users reach the application, '' for what
    the server says.
    """

    url: str
    app: str
    key: AccessKey = field(repr=False)
    line: Line
    nonce: Callable[[], str]
    page: str = ""
    progress: Progress = field(default_factory=Silent)
    limits: Limits = field(default_factory=Limits)
    resolves: Callable[[str], bool] = resolves

    def now(self) -> float:
        return self.line.server_time()

    def observe(self) -> Application:
        with untouched():
            answer = self._calls.read(wire.OBSERVE, wire.OBSERVE_QUERY, did=self._place.app)
        if answer.get("blocklet") is None:
            raise NotFoundError(
                f"there is no application {self._place.app} on this server",
                advice="check the application's DID and that it lives on this server",
            )
        return wire.application(self._place.app, answer, self.page or self._place.page)

    def install(self, bundle: Bundle, mount_point: str) -> Component:
        did = bundle.identity.did
        with untouched():
            check_bundle(bundle)
            check_mount_point(mount_point)
            application = self._quiet()
            _check_free(application, did, mount_point)
        before = application.component(did)
        component = self._sent(bundle, mount_point, before.side if before else "")
        if component.mount_point != mount_point:
            component = self._moved(component, mount_point)
        if before is None or before.health is not Health.RUNNING:
            self._await_router(mount_point)
        return component

    def remove(self, did: str) -> None:
        if self.observe().component(did) is None:
            return
        watch = self._watch(self.limits.away)
        for _ in range(_ATTEMPTS):
            # One that is removed while it starts brings the server down, or comes back.
            settled = watch.until(partial(self._settled, did), f"{did} is still changing")
            if settled.component(did) is None:
                return
            self._ask_removal(did)
            gone = partial(self._gone, did, Steady(self.limits.back))
            if watch.until(gone, f"waiting for {did} to be gone"):
                return
        raise NotAppliedError(
            f"the server said that {did} is removed, but it is still there",
            advice="look whether something starts it again, then run this again",
        )

    def answers(self, mount_point: str, page: str = "") -> int:
        return self._pages(self.observe()).status(mount_point, page)

    @cached_property
    def _place(self) -> discovery.Place:
        return discovery.find(self.url, self.app, self.line)

    @cached_property
    def _calls(self) -> Calls:
        return Calls(self._place.gql, self._place.app, self.key, self.line)

    def _pages(self, application: Application) -> Pages:
        place = self._place
        if self.page or place.page:
            # An address that was named is one that answers; one the server says may not resolve.
            return Pages(application.url, place.origin, self.line, lambda _: True)
        # An application on this machine's own server is asked here, whoever may have its name.
        elsewhere = (lambda _: False) if is_near(place.origin) else self.resolves
        return Pages(application.url, place.origin, self.line, elsewhere)

    def _watch(self, away: float = 0.0) -> Watch:
        return Watch(self._look, self.line.monotonic, self.line.sleep, self.progress, away)

    def _look(self) -> Application:
        """A reading after something was asked for: where it fails, that may have been done."""
        try:
            return self.observe()
        except PlatformError as error:
            error.untouched = False
            raise

    def _quiet(self) -> Application:
        """The application once nothing in it changes: until then it takes no other component."""
        return self._watch().until(self._is_quiet, "waiting for other components to have started")

    def _is_quiet(self, application: Application, passed: float) -> Application | None:
        changing = [one for one in application.components if one.health is Health.CHANGING]
        if changing and passed > self.limits.quiet:
            raise NotReadyError(
                f"{changing[0].name} at {changing[0].mount_point} is still {changing[0].status},"
                " and until it has ended the application takes nothing else",
                advice="mend, stop or remove that component, then run this again",
            )
        return None if changing else application

    def _sent(
        self, bundle: Bundle, mount_point: str, side: str, attempts: int = _ATTEMPTS
    ) -> Component:
        """Sent, once more where it did not arrive, and awaited."""
        lost = self._upload(bundle, mount_point)
        start = partial(self._start, bundle.identity.did)
        arrival = Arrival(bundle, self.limits, start, lost, side)
        try:
            title = f"waiting for {bundle.identity.name} {bundle.version} to run"
            return self._watch(self.limits.away).until(arrival.seen, title)
        except LostAnswerError as error:
            if attempts == 1:
                raise
            self.progress.say(f"{error.message}; the server has not got it: sending again")
        try:
            return self._sent(bundle, mount_point, side, attempts - 1)
        except PlatformError as error:
            # What was sent before may yet arrive.
            error.untouched = False
            raise

    def _upload(
        self, bundle: Bundle, mount_point: str, attempts: int = _ATTEMPTS
    ) -> LostAnswerError | None:
        """Send it; a lost answer is given back, for it may have arrived."""
        try:
            self._upload_once(bundle, mount_point)
        except LostAnswerError as error:
            return error
        except PlatformError as error:
            if not is_busy(error) or attempts == 1:
                raise
            # Something else in the application began to start: nothing was done.
            self._quiet()
            return self._upload(bundle, mount_point, attempts - 1)
        return None

    def _upload_once(self, bundle: Bundle, mount_point: str) -> None:
        variables = {
            "file": None,
            "rootDid": self._place.app,
            "mountPoint": mount_point,
            "dist": {"tarball": bundle.path.name, "integrity": bundle.integrity},
        }
        title = f"uploading {bundle.identity.name} {bundle.version}"
        with Upload(
            bundle.path,
            {"query": wire.INSTALL_QUERY, "variables": variables},
            boundary=f"agentramp{self.nonce()}",
            tell=partial(self.progress.advance, title),
            seconds=UPLOAD_SECONDS,
            clock=self.line.monotonic,
        ) as upload:
            self._calls.upload(wire.INSTALL, upload, upload.content_type, UPLOAD_SECONDS)

    def _start(self, did: str) -> None:
        try:
            self._calls.change(wire.START, wire.START_QUERY, did=self._place.app, components=[did])
        except PlatformError as error:
            # What came of it is read next, and says more than the refusal.
            self.progress.say(error.message)

    def _moved(self, component: Component, mount_point: str) -> Component:
        """The server leaves a component where it was, whatever mount point was sent."""
        variables = {"did": component.did, "rootDid": self._place.app, "mountPoint": mount_point}
        try:
            self._calls.change(wire.MOVE, wire.MOVE_QUERY, **variables)
        except LostAnswerError as error:
            self.progress.say(error.message)
        # It is started anew there, and for a moment still seen running as before.
        stands = partial(self._stands, component.did, mount_point, Steady(self.limits.stale))
        watch = self._watch(self.limits.away)
        return watch.until(stands, f"waiting for {component.name} to be at {mount_point}")

    def _stands(
        self, did: str, mount_point: str, steady: Steady, application: Application, passed: float
    ) -> Component | None:
        found = application.component(did)
        at = found.mount_point if found else "no mount point"
        runs = found is not None and found.health is Health.RUNNING
        if steady.holds(passed, so=runs and at == mount_point):
            return found
        if passed > self.limits.gone:
            raise NotAppliedError(
                f"{did} should run at {mount_point}, but is {found.status if found else 'gone'}"
                f" at {at}",
                advice="remove it from the mount point it has, then run this again",
            )
        return None

    def _await_router(self, mount_point: str) -> None:
        """A component that was not there before runs a moment before its pages are found."""
        begun = self.line.monotonic()
        while self.line.monotonic() - begun < _ROUTER_SECONDS:
            try:
                status = self.answers(mount_point)
            except PlatformError:
                # It runs, as was asked; what its page answers is for who asks that.
                return
            if status < _SERVER_FAULT and status != _NOT_FOUND:
                return
            self.line.sleep(0.3)

    def _settled(self, did: str, application: Application, passed: float) -> Application | None:
        found = application.component(did)
        if found is None or found.health is not Health.CHANGING:
            return application
        if passed > self.limits.start:
            raise NotReadyError(
                f"{found.name} is still {found.status}: it is not removed while it changes",
                advice="run this again when it has ended",
            )
        return None

    def _ask_removal(self, did: str) -> None:
        try:
            self._calls.change(wire.REMOVE, wire.REMOVE_QUERY, did=did, rootDid=self._place.app)
        except (LostAnswerError, NotFoundError) as error:
            self.progress.say(error.message)

    def _gone(
        self, did: str, steady: Steady, application: Application, passed: float
    ) -> bool | None:
        is_gone = application.component(did) is None
        if steady.holds(passed, so=is_gone):
            return True
        return False if passed > self.limits.stale and not is_gone else None


def _check_free(application: Application, did: str, mount_point: str) -> None:
    """The server itself would mount it elsewhere and say yes."""
    standing = application.at(mount_point)
    if standing is not None and standing.did != did:
        raise AlreadyExistsError(
            f"{mount_point} has another component: {standing.name} ({standing.did})",
            advice="choose another mount point, or remove that component first",
        )
