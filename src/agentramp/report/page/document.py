"""The page itself: what serves now, each ramp newest first, and the records outside of them."""

from collections.abc import Iterator, Sequence
from html import escape

from agentramp.judge.window import Metric, Tally
from agentramp.ramp import Ending
from agentramp.record import Record
from agentramp.report.moments import lasting, to_the_minute
from agentramp.report.page import arms, charts, tables
from agentramp.report.page.style import STYLE
from agentramp.report.page.trial import Past, Trial, past, state, totals
from agentramp.report.plain import harmless
from agentramp.report.records import HOLDS, mark

_MANY = 60
_CANARY = (
    '<path class="line canary" d="M0 6H26"/><circle class="mark canary" cx="13" cy="6" r="4"/>'
)
_STABLE = (
    '<path class="line stable" d="M0 6H26"/>'
    '<rect class="mark stable" x="9.5" y="2.5" width="7" height="7"/>'
)
_E = '<path class="line e" d="M0 6H26"/><circle class="e" cx="13" cy="6" r="3"/>'
_LIMIT = '<path class="threshold" d="M0 6H26"/>'
_MARKUP = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title><style>
{style}
</style></head><body>
{body}
</body></html>
"""


def page(subject: str, records: Sequence[Record]) -> str:
    """HTML that loads nothing; the same records give the same bytes."""
    found = past(records)
    named = [(f"ramp-{number}", trial) for number, trial in enumerate(found.trials, 1)]
    body = [_header(subject, records, found), _contents(named), "</header><main>"]
    body += [_section(name, trial) for name, trial in reversed(named)]
    if found.others:
        body.append('<section aria-labelledby="others"><h2 id="others">')
        body.append(f"Outside of any ramp</h2>{tables.records(found.others[::-1])}</section>")
    body.append(f"</main>{_FOOTER}")
    title = escape(harmless(subject))
    return _MARKUP.format(title=f"{title}: history", style=STYLE, body="\n".join(body))


_FOOTER = (
    "<footer>All times are UTC. Intervals are Wilson score intervals of 95 %, one window or one"
    " sum at a time: they are for the eye. Decisions rest on E, which may be looked at as often as"
    " one likes.</footer>"
)


def _header(subject: str, records: Sequence[Record], found: Past) -> str:
    serves = found.now.settled
    told = f"By its journal it serves <strong>{serves}</strong>. " if serves else ""
    span = (
        f"{len(records):,} records, {to_the_minute(records[0].at)} to"
        f" {to_the_minute(records[-1].at)} UTC."
        if records
        else "Its journal has no records yet."
    )
    queued = found.now.queued
    waits = f" Version {queued} waits for its turn." if queued is not None else ""
    return (
        f"<header><h1><bdi>{escape(harmless(subject))}</bdi></h1>"
        f'<p class="dim">{told}{span}{waits}</p>'
    )


def _contents(named: Sequence[tuple[str, Trial]]) -> str:
    if len(named) < 2:  # noqa: PLR2004 - one needs no list
        return ""
    rows = (_row(name, trial) for name, trial in reversed(named))
    return f'<nav aria-label="Ramps"><ul>{"".join(rows)}</ul></nav>'


def _row(name: str, trial: Trial) -> str:
    versions = f"version {trial.ramp.canary} against {trial.ramp.stable}"
    begun = f'<span class="dim">{to_the_minute(trial.ramp.began_at)}</span>'
    return f'<li><a href="#{name}"><span>{versions}</span>{_state(trial)}{begun}</a>'


def _state(trial: Trial) -> str:
    sign, words = state(trial)
    return (
        f'<span class="state {_tone(trial)}"><span aria-hidden="true">{sign}</span> {words}</span>'
    )


def _tone(trial: Trial) -> str:
    if trial.ended is None:
        return ""
    return {Ending.PROMOTED: "good", Ending.ROLLED_BACK: "bad"}.get(trial.ended.ending, "")


def _section(name: str, trial: Trial) -> str:
    ramp, ended = trial.ramp, trial.ended
    length = lasting((ended.at if ended else trial.until) - ramp.began_at)
    by = trial.records[0].by
    who = f" by <bdi>{escape(by)}</bdi>" if by else ""
    begun = f"Begun {to_the_minute(ramp.began_at)} UTC{who}"
    parts = [
        f'<section id="{name}" aria-labelledby="{name}-h"><div class="head"><h2 id="{name}-h">',
        f"Version {ramp.canary} against version {ramp.stable}</h2>{_state(trial)}</div>",
        f'<p class="dim">{begun}; {"so far" if trial.is_current else "took"} {length}.</p>',
        _verdict(trial),
        _figures(trial),
        *_pictures(name, trial),
        *_counts(trial),
        *_happened(trial),
        "</section>",
    ]
    return "\n".join(parts)


def _verdict(trial: Trial) -> str:
    """The sentence that decided, or the last one where nothing is decided."""
    last = trial.ramp.last
    said = trial.ended.reason if trial.ended else last.reason if last else ""
    text = escape(harmless(trial.ramp.turned or said))
    return f'<p class="verdict {_tone(trial)}"><bdi>{text}</bdi></p>' if text else ""


def _figures(trial: Trial) -> str:
    ramp = trial.ramp
    canary, stable = totals(ramp.windows)
    pairs = [
        (f"canary, version {ramp.canary}", *_counted(canary)),
        (f"stable, version {ramp.stable}", *_counted(stable)),
    ]
    if ramp.last:
        limit = f"rolls back at {charts.figure(ramp.last.threshold)}"
        pairs.append(("E, last", charts.figure(ramp.last.e), limit))
    ladder = " → ".join(str(rung.weight) for rung in ramp.policy.rungs)
    pairs.append(("steps", f"{ladder} %", f"alpha {ramp.policy.rules.alpha:g}"))
    cells = (f"<div><dt>{a}</dt><dd>{b}<small>{c}</small></dd></div>" for a, b, c in pairs)
    return f"<dl>{''.join(cells)}</dl>"


def _counted(tally: Tally) -> tuple[str, str]:
    return (tables.counted(tally), tables.share(tally)) if tally.sessions else ("none yet", "")


def _pictures(name: str, trial: Trial) -> Iterator[str]:
    ramp = trial.ramp
    arms_keys = (_key(_CANARY, f"canary v{ramp.canary}"), _key(_STABLE, f"stable v{ramp.stable}"))
    yield _figure("Weight of the canary", charts.weights(trial, name))
    unit = ramp.policy.rules.unit.value
    title = f"{unit.capitalize()} that failed"
    drawn = arms.rates(trial, title, f"{name}-errors", lambda arm: arm.errors)
    interval = f"<span>{_each(trial)}, its bar the 95 % interval (Wilson)</span>"
    yield _figure(title, drawn, *arms_keys, interval) if drawn else _nothing()
    title = f"{unit.capitalize()} judged bad"
    drawn = arms.rates(trial, title, f"{name}-quality", lambda arm: arm.quality)
    if drawn:
        yield _figure(title, drawn, *arms_keys, interval)
    drawn = arms.means(trial, "Mean latency", f"{name}-latency", lambda arm: arm.latency)
    if drawn:
        yield _figure("Mean seconds to the first byte", drawn, *arms_keys)
    drawn = arms.means(trial, "Mean cost", f"{name}-cost", lambda arm: arm.cost)
    if drawn:
        yield _figure("Mean cost", drawn, *arms_keys)
    if trial.judged:
        of = [metric for metric, _ in ramp.policy.rules.budgets]
        which = "" if of == [Metric.ERRORS] else " of the metric nearest to its threshold"
        keys = (_key(_E, f"E{which}"), _key(_LIMIT, "threshold"))
        yield _figure("Evidence against the canary", charts.evidence(trial, name), *keys)


def _each(trial: Trial) -> str:
    """What one mark of the charts stands for."""
    wide, narrow = (arms.pooled(trial, width) for width in (charts.WIDE, charts.NARROW))
    return (
        f'<span class="wide">{_windows(wide)}</span><span class="narrow">{_windows(narrow)}</span>'
    )


def _windows(count: int) -> str:
    return f"a mark is {count} windows" if count > 1 else "a mark is one window"


def _nothing() -> str:
    return '<p class="dim block">No window has been judged yet, so there are no rates to draw.</p>'


def _counts(trial: Trial) -> Iterator[str]:
    count = len(trial.ramp.windows)
    if count:
        yield f'<h3 class="block">Counts at each weight</h3>{tables.steps(trial)}'
        yield _folded(f"Every window ({count:,})", tables.windows(trial))


def _happened(trial: Trial) -> Iterator[str]:
    """All records; where they are many, those that changed something first."""
    all_of_them = tables.records(trial.records)
    yield '<h3 class="block">What happened</h3>'
    if len(trial.records) <= _MANY:
        yield all_of_them
        return
    yield tables.records([record for record in trial.records if mark(record.event) != HOLDS])
    yield _folded(f"Every record ({len(trial.records):,})", all_of_them)


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>"


def _figure(title: str, drawn: str, *keys: str) -> str:
    return f"<figure><figcaption><h3>{title}</h3>{''.join(keys)}</figcaption>{drawn}</figure>"


def _key(sample: str, words: str) -> str:
    svg = f'<svg viewBox="0 0 26 12" aria-hidden="true">{sample}</svg>'
    return f'<span class="key">{svg}{words}</span>'
