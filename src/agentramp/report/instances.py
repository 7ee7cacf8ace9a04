"""The instances of a runtime, as a table and as JSON."""

import json
from collections.abc import Iterator, Sequence

from agentramp.platform.functions import Instance
from agentramp.report.moments import lasting
from agentramp.report.plain import harmless

_HEAD = ("instance", "version", "status", "age")


def table(instances: Sequence[Instance], now: float) -> Iterator[str]:
    """``now`` is the platform's clock."""
    if not instances:
        return
    rows = [_HEAD, *(_row(instance, now) for instance in instances)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _row(instance: Instance, now: float) -> tuple[str, ...]:
    age = lasting(now - instance.created_at) if instance.created_at else "not known"
    told = (instance.id, instance.version, instance.status or "not known")
    return (*(harmless(text) for text in told), age)


def document(instances: Sequence[Instance]) -> str:
    """``created_at`` is seconds since 1970-01-01 UTC."""
    return json.dumps(
        [
            {
                "id": instance.id,
                "version": instance.version,
                "status": instance.status,
                "created_at": instance.created_at,
                "qualifier": instance.qualifier or None,
            }
            for instance in instances
        ]
    )
