"""The published versions of a runtime, as a table."""

from collections.abc import Iterator

from agentramp.model import Endpoint, Version
from agentramp.provenance import Provenance, provenance
from agentramp.report.plain import harmless, wrapped
from agentramp.report.status import WIDTH, serves

_NUMBER, _MOMENT, _PACKAGE, _SHORT = 7, 20, 19, 12
_INDENT = " " * (_NUMBER + 4)


def table(versions: tuple[Version, ...], endpoints: tuple[Endpoint, ...]) -> Iterator[str]:
    """One line for each, with what serves it and what was said of it underneath."""
    if versions:
        head = f"  {'version':>{_NUMBER}}  {'published at':<{_MOMENT}}  {'package':<{_PACKAGE}}"
        yield f"{head}  commit"
    for version in versions:
        found = provenance(version.description)
        line = f"  {version.number:>{_NUMBER}}  {harmless(version.updated_at):<{_MOMENT}}"
        package, commit = _short(found)
        yield f"{line}  {package:<{_PACKAGE}}  {commit}".rstrip()
        shares = (
            f"{name} {weight} %" for name, weight in serves(endpoints, version.number).items()
        )
        serving = ", ".join(shares)
        for text in (serving and f"serves {serving}", found.words):
            for part in wrapped(harmless(text), WIDTH - len(_INDENT)) if text else ():
                yield _INDENT + part


def _short(found: Provenance) -> tuple[str, str]:
    """The first digits, as many as tell one from another; a checksum that is a number is whole."""
    kind, _, digits = (found.digest or "").partition(":")
    package = f"{kind}:{digits[:_SHORT]}" if digits else "not known"
    commit, mark, dirty = (found.commit or "").partition("-")
    return harmless(package), harmless(f"{commit[:_SHORT]}{mark}{dirty}" or "not known")
