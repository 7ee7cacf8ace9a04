"""How a ramp stands, on one screen of a terminal. Pure; plain ASCII but for the sentences."""

import math
from collections.abc import Iterator, Sequence

from agentramp.judge.window import Tally
from agentramp.model import FULL
from agentramp.ramp import Ramp, Standing
from agentramp.record import Judged, Record
from agentramp.report.interval import rate, wilson
from agentramp.report.moments import lasting, moment
from agentramp.report.plain import columns, cut, harmless, wrapped
from agentramp.report.records import listed, told

ROWS = 24
_BAR, _NAME, _NARROWEST = 30, 10, 40
_SENTENCE, _RECENT = 4, 5
_LOWEST_E = 0.1
_LARGE, _ENDLESS = 1e6, 10**9
_EVIDENCE = f"  {'evidence':<{_NAME}} "
_BOLD, _RED, _GREEN, _DIM, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"


def view(
    subject: str,
    standing: Standing,
    records: Sequence[Record],
    now: float,
    width: int = 80,
    *,
    color: bool = False,
) -> list[str]:
    """At most 24 lines of at most ``width`` columns; ``now`` is the platform's time."""
    width = max(width, _NARROWEST)
    ramp = standing.ramp
    body = _ramp(ramp, now) if ramp else _without(standing)
    lines = [_ends(harmless(subject), f"{moment(now)} UTC", width), *body, ""]
    lines += _some(sentence(standing), width, _SENTENCE)
    for reason in waits(standing, now):
        lines += _some(f"waits for {reason}", width, 2)
    room = min(_RECENT, ROWS - len(lines) - 1)
    if room > 0 and records:
        lines += ["", *_recent(records, width, room)]
    cuts = [cut(line, width) for line in lines[:ROWS]]
    return [_painted(line, number, standing) for number, line in enumerate(cuts)] if color else cuts


def sentence(standing: Standing) -> str:
    """What was said last: of the ramp in progress, else of how the last one ended."""
    ramp, ended = standing.ramp, standing.ended
    if ramp:
        return harmless(ramp.last.reason) if ramp.last else "nothing has been judged yet"
    if ended:
        # The judge's own sentence says already that it rolled back.
        why = ended.reason.removeprefix(f"{ended.ending.value}: ")
        how = f"version {ended.ramp.canary} was {ended.ending.value}"
        return harmless(f"{how}: {why}" if why else how)
    return "no ramp is in progress"


def waits(standing: Standing, now: float) -> list[str]:
    """What has to come before the canary gets more; nothing where the next tick may decide."""
    ramp, intent = standing.ramp, standing.open
    if intent:
        whose = f", begun by {harmless(intent.by)}" if intent.by else ""
        return [f"the end of a move to {intent.after}{whose} {lasting(now - intent.at)} ago"]
    if ramp is None:
        return []
    if not ramp.weight:
        return ["its first step"]
    return [*_people(ramp), *_lacking(ramp, now)]


def _people(ramp: Ramp) -> Iterator[str]:
    above = ramp.policy.above(ramp.weight)
    if ramp.paused:
        why = f" (paused: {harmless(ramp.paused.reason)})" if ramp.paused.reason else ""
        yield f"agentramp resume{why}"
    if above and above.approval and above.weight not in ramp.approved:
        yield f"agentramp approve --weight {above.weight}"


def _lacking(ramp: Ramp, now: float) -> Iterator[str]:
    rung = ramp.policy.reached(ramp.weight)
    left = rung.bake - _baked(ramp, now)
    came = sum(window.canary.sessions for window in ramp.here)
    parts = []
    if left > 0:
        parts.append(f"{lasting(left)} more at {ramp.weight} %")
    if came < rung.min_sessions:
        parts.append(f"{rung.min_sessions - came:,} more canary sessions at {ramp.weight} %")
    closes = ramp.watermark + ramp.policy.window + ramp.policy.settle - now
    if ramp.watermark == ramp.entered_at:
        closes += ramp.policy.warm_up
    if closes > 0:
        parts.append(f"the window that can be read in {lasting(closes)}")
    if ramp.blind:
        parts.append(f"evidence: none came {ramp.blind} times in a row")
    if parts:
        yield ", ".join(parts)


def _baked(ramp: Ramp, now: float) -> float:
    """Seconds at this weight since it was warm, as if all of them had been read."""
    return max(0.0, now - ramp.entered_at - ramp.policy.warm_up)


def _ramp(ramp: Ramp, now: float) -> Iterator[str]:
    length = lasting(now - ramp.began_at)
    yield f"version {ramp.canary} on trial against version {ramp.stable}, for {length}"
    yield ""
    filled = _BAR * ramp.weight // FULL
    yield _line("ladder", _hashes(filled), _ladder(ramp))
    if ramp.weight:
        yield _bake(ramp, now)
    canary = sum((window.canary.errors for window in ramp.windows), Tally())
    stable = sum((window.stable.errors for window in ramp.windows), Tally())
    top = max([2 * _middle(canary), 2 * _middle(stable), 0.02])
    yield _arm(f"canary v{ramp.canary}", canary, min(top, 1.0))
    yield _arm(f"stable v{ramp.stable}", stable, min(top, 1.0))
    if ramp.last:
        yield _evidence(ramp.last)


def _without(standing: Standing) -> Iterator[str]:
    yield f"serves {standing.settled}" if standing.settled else "its journal has no records yet"
    if standing.queued is not None:
        yield f"version {standing.queued} waits for its ramp to begin"


def _ladder(ramp: Ramp) -> str:
    there = [rung.weight for rung in ramp.policy.rungs]
    weights = sorted({*there, ramp.weight} - {0})
    return " ".join(f"[{weight}]" if weight == ramp.weight else f"{weight}" for weight in weights)


def _bake(ramp: Ramp, now: float) -> str:
    bake = ramp.policy.reached(ramp.weight).bake
    done = min(_baked(ramp, now), bake)
    share = done / bake if bake else 1.0
    said = f"{lasting(bake - done)} left of {lasting(bake)}" if done < bake else "done"
    return _line("bake", _hashes(int(_BAR * share)), said)


def _middle(tally: Tally) -> float:
    """Where an interval's far end does not say much, half-way to it is enough of a scale."""
    return (rate(tally) + wilson(tally).high) / 2 if tally.sessions else 0.0


def _arm(name: str, tally: Tally, top: float) -> str:
    if not tally.sessions:
        return _line(name, "." * _BAR, "no sessions yet")
    low, high = wilson(tally)
    first, last, here = (_place(value / top) for value in (low, high, rate(tally)))
    cells = ["-" if first <= cell <= last else "." for cell in range(_BAR)]
    cells[here] = "o"
    said = (
        f"{rate(tally) * 100:.1f} % ({low * 100:.1f} to {high * 100:.1f}),"
        f" {tally.bad:,} of {tally.sessions:,}"
    )
    return _line(name, "".join(cells), said)


def _place(share: float) -> int:
    return min(_BAR - 1, max(0, int(_BAR * share)))


def _evidence(last: Judged) -> str:
    """From a tenth to the threshold on a logarithmic scale; ``|`` stands at 1."""
    reach = math.log(max(last.threshold, 2.0) / _LOWEST_E)
    filled = int(_BAR * math.log(max(last.e, _LOWEST_E) / _LOWEST_E) / reach)
    cells = list(_hashes(min(max(filled, 0), _BAR)))
    cells[_place(-math.log(_LOWEST_E) / reach)] = "|"
    at = "rolls back at" if last.e < last.threshold else "which is at or above"
    return _line("evidence", "".join(cells), f"E {_figure(last.e)}, {at} {_figure(last.threshold)}")


def _figure(value: float) -> str:
    if value >= _LARGE:
        return f"{value:.1e}"
    return f"{int(value):,}" if value >= 10 else f"{math.floor(value * 100) / 100:.2f}"  # noqa: PLR2004 - digits


def _hashes(filled: int) -> str:
    return "#" * filled + "." * (_BAR - filled)


def _line(name: str, bar: str, said: str) -> str:
    return f"  {cut(name, _NAME):<{_NAME}} {bar}  {said}"


def _ends(left: str, right: str, width: int) -> str:
    room = width - columns(right) - 2
    head = cut(left, room)
    return f"{head}{' ' * (room - columns(head))}  {right}"


def _some(text: str, width: int, most: int) -> Iterator[str]:
    """The first lines of a sentence, with points where there were more."""
    lines = list(wrapped(text, width - 2))
    if len(lines) > most:
        lines[most - 1 :] = [cut(" ".join(lines[most - 1 :]), width - 2)]
    yield from (f"  {line}" for line in lines)


def _recent(records: Sequence[Record], width: int, room: int) -> Iterator[str]:
    """The last records, each on one line, without their day."""
    for line in listed(told(records, room), width=_ENDLESS):
        yield cut(line[len("2026-01-01 ") :], width)


def _painted(line: str, number: int, standing: Standing) -> str:
    last = standing.ramp.last if standing.ramp else None
    if number == 0:
        return f"{_BOLD}{line}{_RESET}"
    if line.startswith(_EVIDENCE) and last:
        return f"{_RED if last.e >= last.threshold else _GREEN}{line}{_RESET}"
    if line[:2] != "  " and line[:1].isdigit():
        return f"{_DIM}{line}{_RESET}"
    return line
