"""How a runtime and its endpoints stand: everything that is known of them, in lines.

Lines are at most ``width`` columns wide, but for a name or an address that is longer by itself:
broken in two it could not be copied.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agentramp.model import LATEST, Endpoint, Runtime, RuntimeSpec, Version, VersionRef
from agentramp.provenance import COMMIT, Provenance, provenance
from agentramp.ramp import Ramp, Standing
from agentramp.report.plain import columns, harmless, wrapped
from agentramp.report.ramp_view import sentence, waits

WIDTH, _NAME = 80, 11


@dataclass(frozen=True)
class Served:
    """One endpoint as the platform shows it and its journal knows it.

    ``drift`` says where the two disagree; ``now`` is the platform's time. An ``endpoint`` that is
    None is gone, and the journal still remembers it.
    """

    name: str
    endpoint: Endpoint | None
    standing: Standing = Standing()  # noqa: RUF009 - frozen
    drift: str = ""
    now: float = 0.0


@dataclass(frozen=True)
class Overview:
    """``versions`` are all that were published, newest first."""

    runtime: Runtime
    versions: tuple[Version, ...] = ()
    served: tuple[Served, ...] = ()

    @property
    def newest(self) -> int | None:
        return self.versions[0].number if self.versions else None

    def in_service(self) -> tuple[tuple[VersionRef, Version | None], ...]:
        """What endpoints serve, the head first, then from the newest version down."""
        refs = {ref for one in self.served if one.endpoint for ref, _ in one.endpoint.split.weights}
        published = {version.number: version for version in self.versions}
        numbers = sorted((ref for ref in refs if ref != LATEST), reverse=True)
        head: tuple[VersionRef, ...] = (LATEST,) if LATEST in refs else ()
        return tuple(
            (ref, published.get(ref) if isinstance(ref, int) else None) for ref in (*head, *numbers)
        )

    def provenance(self, ref: VersionRef, version: Version | None) -> Provenance:
        """The head's package is known by the platform's checksum alone."""
        if ref == LATEST:
            return Provenance(digest_of(self.runtime.spec))
        return provenance(version.description) if version else Provenance()


def digest_of(spec: RuntimeSpec) -> str | None:
    return f"crc64:{spec.code.checksum}" if spec.code and spec.code.checksum else None


def serves(endpoints: tuple[Endpoint, ...], ref: VersionRef) -> dict[str, int]:
    """The percent of each endpoint's sessions that ``ref`` gets, where it gets any."""
    shares = ((found.name, found.split.share(ref)) for found in endpoints)
    return {name: weight for name, weight in shares if weight}


def region(runtime: Runtime) -> str:
    """As the platform names it: the third word of ``acs:agentrun:<region>:<account>:...``."""
    return (runtime.arn.split(":") + [""] * 3)[2]


def message(value: Overview) -> str:
    runtime = value.runtime
    why = f": {runtime.reason}" if runtime.reason else ""
    return f"runtime {runtime.spec.name} is {runtime.status.value}{why}"


def lines(value: Overview, width: int = WIDTH) -> Iterator[str]:
    yield from _runtime(value, width)
    served = value.in_service()
    if served:
        yield "in service"
    for ref, version in served:
        yield from _version(value, ref, version, width)
    if not value.served:
        yield "no endpoint: nothing is served"
    for one in value.served:
        yield from endpoint(one, width)


def sentences(value: Overview) -> Iterator[tuple[str, str]]:
    """What a log is told when it changes: what each sentence is about, and the sentence."""
    yield "runtime", message(value)
    yield "newest", f"newest version: {value.newest or 'none'}"
    for one in value.served:
        yield one.name, f"{one.name}: {_state(one.endpoint)}{_split(one.endpoint)}"
        if one.standing.ramp:
            yield f"{one.name} ramp", f"{one.name}: {trial(one.standing.ramp)}"
            yield f"{one.name} verdict", f"{one.name}: {sentence(one.standing)}"
        if one.drift:
            yield f"{one.name} drift", one.drift


def _runtime(value: Overview, width: int) -> Iterator[str]:
    runtime, spec = value.runtime, value.runtime.spec
    count = len(value.versions)
    said = (
        ("id", runtime.id),
        ("about", spec.description or ""),
        ("region", region(runtime)),
        ("artifact", _artifact(spec)),
        ("resources", resources(spec)),
        ("workspace", spec.workspace_id or ""),
        ("created", runtime.created_at),
        ("changed", runtime.updated_at),
        ("versions", f"{count} published, the newest is {value.newest}" if count else "none"),
    )
    for name, text in said:
        yield from row(name, text, width)
    yield from whole(runtime.arn)


def _artifact(spec: RuntimeSpec) -> str:
    if spec.container:
        return f"Container {spec.container.image}"
    language = f"Code {spec.code.language}" if spec.code else "Code"
    digest = digest_of(spec)
    return f"{language}, {digest}" if digest else language


def resources(spec: RuntimeSpec) -> str:
    parts = [f"{spec.cpu:g} core{'' if spec.cpu == 1 else 's'}", f"{spec.memory} MB memory"]
    if spec.disk_size:
        parts.append(f"{spec.disk_size} MB disk")
    parts.append(f"port {spec.port}")
    if spec.instance_concurrency:
        parts.append(f"{spec.instance_concurrency} sessions to an instance")
    return ", ".join(parts)


def _version(
    value: Overview, ref: VersionRef, version: Version | None, width: int
) -> Iterator[str]:
    found = value.provenance(ref, version)
    parts = [f"published {version.updated_at}"] if version and version.updated_at else []
    parts += [found.words] if found.words else []
    told = "the head: it changes with every deploy" if ref == LATEST else ", ".join(parts)
    yield from row(LATEST if ref == LATEST else f"v{ref}", told or "published", width)
    yield from whole(found.digest or "its package is not known")
    yield from whole(found.commit and f"{COMMIT}{found.commit}")


def told(one: Served) -> str:
    return harmless(f"endpoint {one.name} is {_state(one.endpoint)}")


def endpoint(one: Served, width: int = WIDTH) -> Iterator[str]:
    yield from wrapped(told(one), width)
    yield from details(one, width)


def details(one: Served, width: int = WIDTH) -> Iterator[str]:
    found = one.endpoint
    if found:
        yield from row("id", found.id, width)
        yield from row("about", found.description, width)
        yield from row("serves", str(found.split), width)
    yield from _ramp(one, width)
    yield from row("drift", one.drift, width)
    for text in (found.arn, found.url) if found else ():
        yield from whole(text)


def _ramp(one: Served, width: int) -> Iterator[str]:
    ramp = one.standing.ramp
    if ramp:
        yield from row("ramp", trial(ramp), width)
        yield from row("verdict", sentence(one.standing), width)
        above = ramp.policy.above(ramp.weight)
        yield from row("next step", f"{above.weight} %" if above else "", width)
    for reason in () if one.drift else waits(one.standing, one.now):
        yield from row("waits for", reason, width)
    if one.standing.queued is not None:
        yield from row("queued", f"version {one.standing.queued}", width)


def trial(ramp: Ramp) -> str:
    place = f"step {step_of(ramp)} of {len(ramp.policy.rungs)}, {ramp.weight} %"
    paused = ", paused" if ramp.paused else ""
    return f"version {ramp.canary} on trial against version {ramp.stable}: {place}{paused}"


def step_of(ramp: Ramp) -> int:
    """How many steps the canary has come up; 0 before its first."""
    return sum(rung.weight <= ramp.weight for rung in ramp.policy.rungs)


def _state(found: Endpoint | None) -> str:
    if found is None:
        return "not there, and its journal remembers it"
    return f"{found.status.value}: {found.reason}" if found.reason else found.status.value


def _split(found: Endpoint | None) -> str:
    return f", serves {found.split}" if found else ""


def whole(text: str | None) -> Iterator[str]:
    """What is copied: never broken in two, and nearly always short enough."""
    if text:
        plain = harmless(text)
        yield (" " * 6 if columns(plain) <= WIDTH - 6 else "  ") + plain


def row(name: str, text: str, width: int) -> Iterator[str]:
    """A name and what is said of it, on as many lines as it takes; nothing where nothing is."""
    head = f"  {name:<{_NAME}} "
    room = width - columns(head)
    for number, line in enumerate(wrapped(harmless(text), room) if text else ()):
        yield (" " * len(head) if number else head) + line
