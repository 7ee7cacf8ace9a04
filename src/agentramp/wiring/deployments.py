"""What GitHub's page of an environment is to say after a run: each version's state. Pure."""

from dataclasses import dataclass

from agentramp.bookkeeping.port import Stand, State
from agentramp.errors import AgentrampError, SupersededError, WayBackFailedError
from agentramp.model import FULL, Split
from agentramp.planning import Ruled
from agentramp.ramp import Standing, share
from agentramp.report.result import Result

_ENDS = {"abort": "aborted", "rollback": "rolled back"}
"""What became of a version that one of these verbs takes the sessions from."""


@dataclass(frozen=True)
class Entry:
    version: int
    stand: Stand


def entries(result: Result) -> tuple[Entry, ...]:
    """Nothing for a dry run, and nothing where another run is at work: that one writes it down.

    A version that loses the sessions stands before the one that gets them.
    """
    if result.dry_run or result.verdict == Ruled.SUPERSEDED.value:
        return ()
    if result.verb in _ENDS:
        left = [*_left(result)]
        said = _once(f"{_ENDS[result.verb]}: ", result.message)
        gone = [_entry(version, State.FAILURE, said) for version in left]
        return (
            *gone,
            *_whole(result, f"version {left[0]} was {_ENDS[result.verb]}" if left else ""),
        )
    if result.verdict == Ruled.ROLLBACK.value and result.version is not None:
        gone = [_entry(result.version, State.FAILURE, _once("rolled back: ", result.message))]
        return (*gone, *_whole(result, f"version {result.version} was rolled back"))
    return (*_waiting(result), *_on_trial(result), *_whole(result))


def failed(
    verb: str, error: AgentrampError, version: int | None, standing: Standing
) -> tuple[Entry, ...]:
    """``version`` is the one that the run was about; ``standing`` what the journal says now.

    A ramp outlives a tick that failed, so its canary goes on; of what another run moved, that one
    writes. Nothing is said where nothing of a version was tried.
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
        case _ if standing.settled and share(standing.settled, version):
            return ()
        case _ if verb in {"release", "shift-traffic"}:
            return (_entry(version, State.FAILURE, error.message),)
        case _:
            return ()


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


def _whole(result: Result, why: str = "") -> tuple[Entry, ...]:
    """The version that has all sessions, if one has."""
    split = result.after
    if split is None or split.canaries or not isinstance(split.stable, int):
        return ()
    said = f"{FULL} % of the sessions" + (f" again: {why}" if why else "")
    stand = Stand(State.SUCCESS, said, result.url, news=bool(why) or result.changed)
    return (Entry(split.stable, stand),)


def _on_trial(result: Result) -> list[Entry]:
    """A canary, with what it waits for."""
    hold = result.verdict == Ruled.HOLD.value
    return [
        _entry(
            ref,
            State.IN_PROGRESS,
            f"{weight} % of the sessions"
            + (f"; {_once('hold: ', result.message)}" if hold and ref == result.version else ""),
            result.url,
        )
        for ref, weight in (result.after.canaries if result.after else ())
        if isinstance(ref, int)
    ]


def _waiting(result: Result) -> list[Entry]:
    """A version that has no session: it is to get some, or somebody took them away."""
    version = result.version
    if version is None or (result.after and share(result.after, version)):
        return []
    if result.verdict == Ruled.HOLD.value:
        return [_entry(version, State.QUEUED, f"waits: {result.message}")]
    if result.verb == "shift-traffic":
        return [_entry(version, State.INACTIVE, "0 % of the sessions")]
    return []


def _entry(version: int, state: State, said: str, url: str | None = None) -> Entry:
    return Entry(version, Stand(state, said, url))


def _once(word: str, message: str) -> str:
    """``word`` before ``message``, unless it begins so by itself."""
    return message if message.startswith(word) else word + message


def _numbers(split: Split | None) -> list[int]:
    return [ref for ref, _ in split.weights if isinstance(ref, int)] if split else []
