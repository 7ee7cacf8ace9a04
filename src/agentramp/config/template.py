"""``template:`` and ``resources.<id>.extend``: props that several resources share."""

from dataclasses import replace

from agentramp.config.merge import changed, laid_over, without
from agentramp.config.paths import fault, nearest, spell_key
from agentramp.config.tree import Entry, Mapping, Sequence, scalar
from agentramp.diagnostics import Diagnostic


def with_templates(tree: Mapping, faults: list[Diagnostic]) -> Mapping:
    """Lay the props of each resource over the template it names."""
    resources = tree.mapping("resources")
    if resources is None:
        return tree
    used: set[str] = set()
    entries = tuple(
        replace(entry, value=_with_template(tree, entry.key, entry.value, faults, used))
        if isinstance(entry.value, Mapping) and entry.value.get("extend") is not None
        else entry
        for entry in resources.entries
    )
    tree = changed(tree, ("resources",), replace(resources, entries=entries))
    return _without_used(tree, used)


def _without_used(tree: Mapping, used: set[str]) -> Mapping:
    """What is wrong with a template is told once: where it is used."""
    templates = tree.mapping("template")
    if templates is None or not used:
        return tree
    kept = tuple(entry for entry in templates.entries if entry.key not in used)
    return changed(tree, ("template",), replace(templates, entries=kept))


def _with_template(
    tree: Mapping, key: str, resource: Mapping, faults: list[Diagnostic], used: set[str]
) -> Mapping:
    path = ("resources", key, "extend")
    extend = resource.mapping("extend")
    name = extend.text("name") if extend else None
    if extend is None or name is None:
        message = "write the template's name: extend: {name: my-template}"
        faults.append(fault(tree, path, message, "type"))
        return resource
    faults += _unknown(tree, extend, path)
    template = _find(tree, name, (*path, "name"), faults)
    if template is None:
        return without(resource, ("extend",))
    used.add(name)
    one = extend.text("ignore")
    for ignored in (one,) if one else extend.texts("ignore"):
        template = without(template, tuple(ignored.split(".")))
    return _laid(resource, template)


def _laid(resource: Mapping, template: Mapping) -> Mapping:
    resource = without(resource, ("extend",))
    own = resource.entry("props")
    props = resource.mapping("props")
    if own is None:
        return Mapping(
            resource.position,
            (*resource.entries, Entry("props", template.position, template)),
            resource.repeated,
        )
    merged = laid_over(template, props) if props else template
    return changed(resource, ("props",), merged)


def _find(
    tree: Mapping, name: str, path: tuple[str, ...], faults: list[Diagnostic]
) -> Mapping | None:
    templates = tree.mapping("template")
    found = templates.mapping(name) if templates else None
    if found is None:
        known = [entry.key for entry in templates.present()] if templates else []
        near = nearest(name, known[:200])
        hint = f"; did you mean {spell_key(near)}?" if near else ""
        message = f"there is no template {spell_key(name)}{hint}"
        faults.append(fault(tree, path, message, "reference"))
    return found


def _unknown(tree: Mapping, extend: Mapping, path: tuple[str, ...]) -> list[Diagnostic]:
    found = [
        fault(
            tree,
            (*path, entry.key),
            f"{spell_key(entry.key)} is not a field here; fields here are name, ignore",
            "unknown-key",
        )
        for entry in extend.present()
        if entry.key not in {"name", "ignore"}
    ]
    ignore = extend.get("ignore")
    items = ignore.items if isinstance(ignore, Sequence) else (ignore,)
    if ignore is not None and not all(isinstance(scalar(item), str) for item in items):
        found.append(fault(tree, (*path, "ignore"), "write a name, or a list of names", "type"))
    return found
