"""Where a value stands and how a message names it."""

from collections.abc import Iterable

from agentramp.config.cleartext import looks_like_secret
from agentramp.config.tree import Mapping, Step, position_of
from agentramp.diagnostics import Diagnostic


def spell(path: tuple[Step, ...]) -> str:
    """Name a value from its resource downwards: ``props.agent.endpoints[0].weight``."""
    if len(path) > 2 and path[0] == "resources":  # noqa: PLR2004 - "resources" and the id
        path = path[2:]
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{spell_key(step)}"
    return text.removeprefix(".")


def spell_key(key: str) -> str:
    """A key can be a secret in the wrong place, or a page of text."""
    if looks_like_secret(key):
        return "***"
    line = "".join(character if character.isprintable() else "?" for character in key)
    return line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004 - fits beside a place


def fault(root: Mapping, path: tuple[Step, ...], message: str, rule: str) -> Diagnostic:
    return Diagnostic(position_of(root, path), spell(path), message, rule)


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known word that was probably meant, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a file with faults needs it

    return next(iter(get_close_matches(word[:80], list(known), 1)), "")
