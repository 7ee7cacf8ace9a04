"""What GitHub's page of an environment is to say after a run: each version's state. Pure."""

from dataclasses import dataclass

from agentramp.bookkeeping.port import Stand, State
from agentramp.errors import AgentrampError, SupersededError, WayBackFailedError
from agentramp.model import FULL, Split
from agentramp.planning import Ruled
from agentramp.ramp import Standing
from agentramp.report.result import Result

_ENDS = {"abort": "aborted", "rollback": "rolled back"}
"""What became of a version that one of these verbs takes the sessions from."""


@dataclass(frozen=True)
class Entry:
    version: int
    stand: Stand


def entries(result: Result, queued: int | None = None) -> tuple[Entry, ...]:
    """Nothing for a dry run, and nothing where another run is at work: that one writes it down.

    ``queued`` is the version that waits for its ramp as far as the journal says. A version that
    loses the sessions stands before the one that gets them.
    """
    if result.dry_run or result.verdict == Ruled.SUPERSEDED.value:
        return ()
    if result.verb in _ENDS:
        return _ended(result, _left(result), _ENDS[result.verb])
    version = _on_way(result, queued)
    if result.verdict == Ruled.ROLLBACK.value and version is not None:
        if _has_served(result, version):
            return _ended(result, [version], "rolled back")
        return (_entry(version, State.FAILURE, _once("refused: ", result.message)),)
    if result.verdict == Ruled.HOLD.value:
        return (*_held(result, version), *_on_trial(result, version))
    return (*_taken(result), *_on_trial(result), *_whole(result))


def _on_way(result: Result, queued: int | None) -> int | None:
    """The version that was ruled on. A tick without a ramp names the stable one, which was not."""
    if result.verb != "promote":
        return result.number
    if result.climb:
        return result.climb.canary
    stable = result.after.stable if result.after else None
    return queued if result.number in {None, stable} else result.number


def _ended(result: Result, left: list[int], became: str) -> tuple[Entry, ...]:
    """``left`` are versions that have no session any more, and ``became`` what became of them."""
    said = _once(f"{became}: ", result.message)
    gone = [_entry(version, State.FAILURE, said) for version in left if not _share(result, version)]
    return (*gone, *_whole(result, f"version {left[0]} was {became}" if left else ""))


def failed(
    verb: str,
    error: AgentrampError,
    version: int | None,
    standing: Standing,
    serves: Split | None,
) -> tuple[Entry, ...]:
    """``version`` is the one that the run was about; ``standing`` what the journal says.

    ``serves`` is what the endpoint was seen to serve, None where there is no endpoint yet.

    A ramp outlives a tick that failed, so its canary goes on; of what another run moved, that one
    writes. Nothing is said where nothing of a version was tried, and nothing against one that
    serves: a journal may not know of it.
    """
    ramp = standing.ramp
    goes_on = ramp is not None and ramp.canary == version
    if version is None:
        return ()
    match error:
        case WayBackFailedError():
            said = f"the traffic state is unknown: {error.message}"
            return (_entry(version, State.ERROR, said),)
        case SupersededError() if goes_on or standing.queued == version:
            return ()
        case _ if ramp and goes_on:
            said = f"{ramp.weight} % of the sessions; failed, and goes on: {error.message}"
            return (_entry(version, State.IN_PROGRESS, said),)
        case _ if any(split and split.share(version) for split in (serves, standing.settled)):
            return ()
        case _ if verb in {"release", "shift-traffic"}:
            return (_entry(version, State.FAILURE, error.message),)
        case _:
            return ()


def unqueued(began: Standing, now: Standing) -> tuple[Entry, ...]:
    """A version that waited when the run began, and that the run has set aside."""
    version = began.queued
    on_trial = now.ramp is not None and now.ramp.canary == version
    served = now.settled is not None and version is not None and now.settled.share(version)
    if version is None or now.queued == version or on_trial or served:
        return ()
    return (_entry(version, State.INACTIVE, "waits no longer"),)


def at_stake(standing: Standing) -> int | None:
    """The version that a run which failed was about, as far as the journal knows."""
    if standing.ramp:
        return standing.ramp.canary
    meant = standing.meant
    numbers = _numbers(meant) if meant else []
    return numbers[-1] if numbers else None


def _left(result: Result) -> list[int]:
    after = _numbers(result.after) if result.after else []
    return [number for number in _numbers(result.before) if number not in after]


def _share(result: Result, version: int) -> int:
    return result.after.share(version) if result.after else 0


def _has_served(result: Result, version: int) -> bool:
    """Whether it had sessions, in this run or on its way up before."""
    before = result.before.share(version) if result.before else 0
    return before > 0 or _has_climbed(result)


def _has_climbed(result: Result) -> bool:
    return result.climb is not None and any(step.weight for step in result.climb.path)


def _whole(result: Result, why: str = "") -> tuple[Entry, ...]:
    """The version that has all sessions, if one has."""
    split = result.after
    if split is None or split.canaries or not isinstance(split.stable, int):
        return ()
    said = f"{FULL} % of the sessions" + (f" again: {why}" if why else "")
    stand = Stand(State.SUCCESS, said, result.url, news=bool(why) or result.changed)
    return (Entry(split.stable, stand),)


def _on_trial(result: Result, held: int | None = None) -> list[Entry]:
    """Canaries; of the one that is held it is told elsewhere."""
    return [
        _entry(ref, State.IN_PROGRESS, f"{weight} % of the sessions", result.url)
        for ref, weight in (result.after.canaries if result.after else ())
        if isinstance(ref, int) and ref != held
    ]


def _held(result: Result, version: int | None) -> list[Entry]:
    """The version that is held, whatever share it has: somebody may have set that by hand."""
    if version is None:
        return []
    weight = _share(result, version)
    if not weight and not _has_climbed(result):
        return [_entry(version, State.QUEUED, f"waits: {result.message}")]
    said = f"{weight} % of the sessions; {_once('hold: ', result.message)}"
    return [_entry(version, State.IN_PROGRESS, said, result.url)]


def _taken(result: Result) -> list[Entry]:
    """Versions that somebody took the sessions from by hand.

    Where one version has all of them after that, its success retires the others.
    """
    asked = [result.number] if result.verb == "shift-traffic" and result.number else []
    left = [] if _whole(result) else _left(result)
    taken = dict.fromkeys(one for one in (*asked, *left) if not _share(result, one))
    return [_entry(version, State.INACTIVE, "0 % of the sessions") for version in taken]


def _entry(version: int, state: State, said: str, url: str | None = None) -> Entry:
    return Entry(version, Stand(state, said, url))


def _once(word: str, message: str) -> str:
    """``word`` before ``message``, unless it begins so by itself."""
    return message if message.startswith(word) else word + message


def _numbers(split: Split | None) -> list[int]:
    return [ref for ref, _ in split.weights if isinstance(ref, int)] if split else []
