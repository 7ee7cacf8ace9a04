"""env.yaml: one environment of several, laid over an s.yaml.

Overlays for a resource are stronger than those for its component, and both than the file. As in
Serverless Devs, an environment's own ``region`` changes nothing by itself: an overlay uses it with
``${this.region}``, and ``infraStack.region`` is each resource's region.
"""

import re
from dataclasses import replace
from typing import Final

from agentramp.config.merge import changed, laid_over
from agentramp.config.paths import nearest, spell, spell_key
from agentramp.config.tree import Entry, Mapping, Node, Scalar, Sequence, at, position_of
from agentramp.diagnostics import ConfigError, Diagnostic

_THIS: Final = re.compile(r"\$\{\s*this\.([\w-]+(?:\.[\w-]+){0,8})\s*\}")
_PARTS: Final = frozenset({"components", "resources"})


def overlaid(tree: Mapping, file: Mapping, name: str, faults: list[Diagnostic]) -> Mapping:
    """Raise ConfigError where the file has no such environment."""
    environment = _chosen(file, name)
    overlays = environment.mapping("overlays") or Mapping(environment.position)
    own = _with_this(overlays, environment)
    assert isinstance(own, Mapping)  # noqa: S101 - a mapping stays one
    faults += _unknown(tree, own)
    resources = tree.mapping("resources")
    if resources is not None:
        entries = tuple(
            replace(entry, value=_laid(entry, entry.value, own, environment))
            if isinstance(entry.value, Mapping)
            else entry
            for entry in resources.entries
        )
        tree = changed(tree, ("resources",), replace(resources, entries=entries))
    access = environment.entry("access")
    return _with_access(tree, access) if access and environment.text("access") else tree


def _chosen(file: Mapping, name: str) -> Mapping:
    known: dict[str, Mapping] = {}
    for item in file.items("environments"):
        if isinstance(item, Mapping) and item.text("name") is not None:
            known.setdefault(str(item.text("name")), item)
    if name in known:
        return known[name]
    near = nearest(name, list(known)[:200])
    listed = ", ".join(spell_key(found) for found in list(known)[:20]) or "none"
    hint = f"; did you mean {spell_key(near)}?" if near else ""
    message = f"there is no environment {spell_key(name)} here (there is: {listed}){hint}"
    where = position_of(file, ("environments",))
    raise ConfigError([Diagnostic(where, "environments", message, "reference")])


def _laid(entry: Entry, resource: Mapping, overlays: Mapping, environment: Mapping) -> Mapping:
    component = resource.text("component") or ""
    own = resource.entry("props")
    props = resource.mapping("props") or Mapping(entry.position)
    by_component = overlays.mapping("components")
    by_resource = overlays.mapping("resources")
    for layer in (
        by_component.mapping(component.partition("@")[0]) if by_component else None,
        by_component.mapping(component) if by_component and "@" in component else None,
        by_resource.mapping(entry.key) if by_resource else None,
        _region(environment),
    ):
        props = laid_over(props, layer) if layer else props
    if own is not None:
        return changed(resource, ("props",), props)
    if not props.entries:
        return resource
    entries = (*resource.entries, Entry("props", entry.position, props))
    return replace(resource, entries=entries)


def _region(environment: Mapping) -> Mapping | None:
    stack = environment.mapping("infraStack")
    region = stack.entry("region") if stack else None
    return (
        Mapping(region.position, (region,)) if region and stack and stack.text("region") else None
    )


def _with_access(tree: Mapping, access: Entry) -> Mapping:
    return laid_over(tree, replace(tree, entries=(access,)))


def _with_this(node: Node, environment: Mapping) -> Node:
    """In an env.yaml, ``this`` is the environment; what it lacks is the resource's."""
    if isinstance(node, Mapping):
        entries = (
            replace(entry, value=_with_this(entry.value, environment)) for entry in node.entries
        )
        return replace(node, entries=tuple(entries))
    if isinstance(node, Sequence):
        return replace(node, items=tuple(_with_this(item, environment) for item in node.items))
    if isinstance(node.value, str):
        return _filled(node, node.value, environment)
    return node


def _filled(node: Scalar, text: str, environment: Mapping) -> Scalar:
    whole = _THIS.fullmatch(text)
    if whole:
        found = _own(whole, environment)
        return replace(node, value=found.value) if found else node

    def written(match: re.Match[str]) -> str:
        found = _own(match, environment)
        return str(found.value) if found else match.group()

    return replace(node, value=_THIS.sub(written, text))


def _own(match: re.Match[str], environment: Mapping) -> Scalar | None:
    found = at(environment, tuple(match[1].split(".")))
    return found if isinstance(found, Scalar) else None


def _unknown(tree: Mapping, overlays: Mapping) -> list[Diagnostic]:
    """What Serverless Devs passes over without a word: overlays that meet nothing."""
    found = []
    for entry in overlays.present():
        if entry.key not in _PARTS:
            what = (
                f"{spell_key(entry.key)} is not a field here; fields here are components, resources"
            )
            found.append(_fault(entry, ("overlays", entry.key), what, "unknown-key"))
    resources = tree.mapping("resources")
    known = [entry.key for entry in resources.present()] if resources else []
    laid = overlays.mapping("resources")
    for entry in laid.present() if laid else ():
        if entry.key not in known:
            near = nearest(entry.key, known[:200])
            hint = f"; did you mean {spell_key(near)}?" if near else ""
            what = f"the file has no resource {spell_key(entry.key)}{hint}"
            path = ("overlays", "resources", entry.key)
            found.append(_fault(entry, path, what, "reference"))
    return found


def _fault(entry: Entry, path: tuple[str, ...], message: str, rule: str) -> Diagnostic:
    return Diagnostic(entry.position, spell(path), message, rule)
