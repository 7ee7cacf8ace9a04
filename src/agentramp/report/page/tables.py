"""The numbers behind the charts, for those who do not see them or want to count themselves."""

from collections.abc import Iterator, Sequence
from html import escape

from agentramp.judge.window import Tally, Window
from agentramp.report.interval import rate, wilson
from agentramp.report.moments import at, lasting, moment
from agentramp.report.page.trial import Trial, totals
from agentramp.report.plain import cut
from agentramp.report.records import Told, mark

_NAME = 80
_MARKS = {
    "!": ("bad", "rolls back"),
    "+": ("good", "advances"),
    "=": ("", "holds"),
    ">": ("", "traffic as it is now"),
    " ": ("", ""),
}


def counted(tally: Tally) -> str:
    return f"{tally.bad:,} of {tally.sessions:,}"


def share(tally: Tally) -> str:
    """A rate with its interval; a dash where nothing was counted."""
    if not tally.sessions:
        return "&ndash;"
    low, high = wilson(tally)
    return f"{rate(tally) * 100:.1f} % ({low * 100:.1f}&ndash;{high * 100:.1f})"


def steps(trial: Trial) -> str:
    """Counts of both arms at each weight, and of the whole ramp."""
    rows = [*_steps(trial)]
    whole = trial.ramp.windows
    if len(rows) > 1:
        rows.append(_row("all", "", lasting(_length(whole)), whole))
    head = (
        '<tr><th scope="col">weight<th scope="col">from<th scope="col">judged for'
        '<th scope="col" class="n">windows'
        f'<th scope="col" class="n">canary v{trial.ramp.canary}, bad'
        '<th scope="col" class="n">rate (95 %)'
        f'<th scope="col" class="n">stable v{trial.ramp.stable}, bad'
        '<th scope="col" class="n">rate (95 %)</tr>'
    )
    return _scrolled("counts at each weight", f"<table>{head}{''.join(rows)}</table>")


def _steps(trial: Trial) -> Iterator[str]:
    ends = [*(begin for begin, _ in trial.weights[1:]), float("inf")]
    for (begin, weight), end in zip(trial.weights, ends, strict=True):
        here = [window for window in trial.ramp.windows if begin <= window.start < end]
        if here:
            yield _row(f"{weight} %", _clock(begin), lasting(_length(here)), here)


def _row(weight: str, begin: str, length: str, windows: Sequence[Window]) -> str:
    cells = [f"{len(windows):,}"]
    for tally in totals(windows):
        cells += [counted(tally), share(tally)]
    numbers = "".join(f'<td class="n">{cell}' for cell in cells)
    return f'<tr><th scope="row">{weight}<td>{begin}<td>{length}{numbers}</tr>'


def _length(windows: Sequence[Window]) -> float:
    return sum(window.end - window.start for window in windows)


def windows(trial: Trial) -> str:
    """Every window, with what was counted until its end."""
    canary = stable = Tally()
    rows = []
    for window in trial.ramp.windows:
        canary, stable = canary + window.canary.errors, stable + window.stable.errors
        weight = "&ndash;" if window.weight is None else f"{window.weight} %"
        cells = [
            *(counted(window.canary.errors), share(window.canary.errors)),
            *(counted(window.stable.errors), share(window.stable.errors)),
            *(counted(canary), counted(stable)),
        ]
        numbers = "".join(f'<td class="n">{cell}' for cell in cells)
        begin = f"{_clock(window.start)}&ndash;{at(window.end).strftime('%H:%M:%S')}"
        rows.append(f'<tr><th scope="row">{begin}<td class="n">{weight}{numbers}</tr>')
    head = '<tr><th scope="col">window, UTC' + "".join(
        f'<th scope="col" class="n">{name}'
        for name in (
            *("weight", "canary, bad", "rate (95 %)", "stable, bad", "rate (95 %)"),
            *("canary to date", "stable to date"),
        )
    )
    return _scrolled("every window", f"<table>{head}</tr>{''.join(rows)}</table>")


def records(told: Sequence[Told]) -> str:
    head = (
        '<thead><tr><th scope="col">time, UTC<th scope="col">verb'
        '<th scope="col">what happened<th scope="col">who</tr></thead>'
    )
    names = ["", *(record.by for record in told)]
    rows = (_record(one, above) for one, above in zip(told, names, strict=False))
    return f'<table class="records">{head}<tbody>{"".join(rows)}</tbody></table>'


def _record(told: Told, above: str) -> str:
    kind, meaning = _MARKS[mark(told.event)]
    sign = escape(mark(told.event).strip())
    badge = f'<span class="sign {kind}" title="{meaning}">{sign}</span> ' if sign else ""
    loose = f' <em class="loose">{escape(told.loose.value)}</em>' if told.loose else ""
    return (
        f"<tr><td><time>{moment(told.at)}</time><td>{escape(told.verb)}"
        f"<td>{badge}<bdi>{escape(told.sentence)}</bdi>{loose}{_who(told.by, above)}</tr>"
    )


def _who(by: str, above: str) -> str:
    """A name that stands in the row above too is not written again."""
    if by and by == above:
        return f'<td class="same" title="{escape(by)}">&Prime;'
    return f"<td><bdi>{escape(cut(by, _NAME))}</bdi>"


def _clock(seconds: float) -> str:
    found = at(seconds)
    return f"{found.day} {found.strftime('%b %H:%M:%S')}"


def _scrolled(name: str, table: str) -> str:
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{table}</div>'
