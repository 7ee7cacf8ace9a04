"""Secrets that stand in the file for all to read: named, never shown."""

from collections.abc import Iterable, Iterator

from agentramp.config.cleartext import (
    is_placeholder,
    is_secret_name,
    looks_like_secret,
    name_words,
)
from agentramp.config.paths import fault
from agentramp.config.resources import agentrun_resources
from agentramp.config.tree import Mapping, Scalar, Step, at, is_null, walk
from agentramp.diagnostics import Diagnostic


def secret_faults(
    raw: Mapping, resolved: Mapping, kept: Iterable[tuple[Step, ...]]
) -> Iterator[Diagnostic]:
    """Find secrets by shape anywhere in the file, by name under ``vars`` and at ``kept``.

    ``raw`` is the tree as written, ``resolved`` the one after its variables, ``kept`` are the
    places where secrets are kept.
    """
    told: set[tuple[Step, ...]] = set()
    for path, node in walk(raw):
        texts = [str(step) for step in path[-1:]]
        texts += [str(node.value)] if isinstance(node, Scalar) else []
        shaped = any(looks_like_secret(text) for text in texts)
        named = path[:1] == ("vars",) and _is_named(raw, path)
        if shaped or named:
            told.add(path)
            yield fault(raw, path, in_clear_text(path), "secret")
    for path in kept:
        if path not in told and _is_named(resolved, path):
            yield fault(resolved, path, in_clear_text(path), "secret")


def kept_by_resources(tree: Mapping) -> Iterator[tuple[Step, ...]]:
    """Name the places of an s.yaml where secrets are kept."""
    for entry in agentrun_resources(tree):
        yield from _kept(tree, ("resources", entry.key, "props", "agent"))


def _kept(tree: Mapping, agent: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    variables = at(tree, (*agent, "environmentVariables"))
    if isinstance(variables, Mapping):
        yield from ((*agent, "environmentVariables", entry.key) for entry in variables.entries)
    yield (*agent, "customContainerConfig", "registryConfig", "authConfig", "password")
    yield (*agent, "armsConfiguration", "armsLicenseKey")
    yield (*agent, "customDomain", "certConfig", "privateKey")


def _is_named(tree: Mapping, path: tuple[Step, ...]) -> bool:
    """Tell a value that its name makes a secret, and that the file itself holds."""
    node = at(tree, path)
    if not isinstance(node, Scalar) or is_null(node) or not is_secret_name(str(path[-1])):
        return False
    if isinstance(node.value, bool):
        return False
    if node.origin.from_env:
        return any(not is_placeholder(text) for text in node.origin.defaults)
    through_named_variable = node.origin.hidden
    return node.resolved and not through_named_variable and _is_secret_text(str(node.value))


def _is_secret_text(text: str) -> bool:
    """Tell a secret from ``${...}`` (in a tree as written) and from what stands for one."""
    return "${" not in text and not is_placeholder(text)


def in_clear_text(path: tuple[Step, ...]) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if looks_like_secret(name):
        return "a secret stands here as a key, in clear text: remove it"
    variable = "_".join(name_words(name)).upper()[:40] or "NAME"
    return (
        f"a secret stands here in clear text: write ${{env('{variable}')}} "
        "and set it in .env (kept out of git) or in the step's env"
    )
