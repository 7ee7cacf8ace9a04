"""Secrets that stand in the file for all to read: named, never shown."""

from collections.abc import Iterator

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


def secret_faults(raw: Mapping, resolved: Mapping) -> Iterator[Diagnostic]:
    """Find secrets by shape anywhere in the file, by name where secrets are kept.

    ``raw`` is the tree as written, ``resolved`` the one after its variables.
    """
    told: set[tuple[Step, ...]] = set()
    for path, node in walk(raw):
        texts = [str(step) for step in path[-1:]]
        texts += [str(node.value)] if isinstance(node, Scalar) else []
        shaped = any(looks_like_secret(text) for text in texts)
        named = path[:1] == ("vars",) and _is_named(raw, path)
        if shaped or named:
            told.add(path)
            yield fault(raw, path, _message(path), "secret")
    for entry in agentrun_resources(resolved):
        agent: tuple[Step, ...] = ("resources", entry.key, "props", "agent")
        for path in _kept(resolved, agent):
            if path not in told and _is_named(resolved, path):
                yield fault(resolved, path, _message(path), "secret")


def _kept(tree: Mapping, agent: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Name the places where secrets are kept."""
    variables = at(tree, (*agent, "environmentVariables"))
    if isinstance(variables, Mapping):
        yield from ((*agent, "environmentVariables", entry.key) for entry in variables.entries)
    yield (*agent, "customContainerConfig", "registryConfig", "authConfig", "password")
    yield (*agent, "armsConfiguration", "armsLicenseKey")


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


def _message(path: tuple[Step, ...]) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if looks_like_secret(name):
        return "a secret stands here as a key, in clear text: remove it"
    variable = "_".join(name_words(name)).upper()[:40] or "NAME"
    return (
        f"a secret stands here in clear text: write ${{env('{variable}')}} "
        "and set it in .env (kept out of git) or in the step's env"
    )
