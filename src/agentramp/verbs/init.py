"""init: begin a project from a template."""

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from agentramp.errors import UsageError
from agentramp.report.result import Facts, Result
from agentramp.wiring.context import Context
from agentramp.wiring.writing import refuse_existing, write_all

EXAMPLE = """\
agentramp init quickstart my-agent
  agentramp init --list
"""
TEMPLATES: Mapping[str, str] = {
    "quickstart": "a chat agent of plain Python: OpenAI-compatible, streaming, no dependencies",
    "langchain": "a LangChain agent before any OpenAI-compatible model, named by the environment",
    "container": "the same agent in an image of its own, built and pushed by the workflow",
}
_ROOT = Path(__file__).parents[1] / "templates"
_NAME, _SUFFIX, _DOT = "@NAME@", ".in", "dot-"
_SHARED = "shared"
"""What all templates have. A template's own file wins over a shared one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "template",
        nargs="?",
        default="quickstart",
        help=f"{', '.join(TEMPLATES)} (default: quickstart)",
    )
    parser.add_argument(
        "directory", nargs="?", metavar="DIR", help="where to (default: a folder of that name)"
    )
    parser.add_argument("--name", help="what the runtime will be called (default: as the folder)")
    parser.add_argument("--list", action="store_true", help="tell the templates, write nothing")


def run(args: argparse.Namespace, context: Context) -> Result | Facts:
    if args.list:
        return _list()
    if args.template not in TEMPLATES:
        raise UsageError(
            f"there is no template {args.template!r} (there are: {', '.join(TEMPLATES)})",
            advice=f"to name only the folder: agentramp init quickstart {args.template}",
        )
    folder = context.cwd / (args.directory or args.template)
    name = _checked(args.name) if args.name else _name(folder.resolve().name)
    made = rendered(args.template, name)
    advice = "name another folder: agentramp init TEMPLATE DIR"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is there and is no folder", advice=advice)
    refuse_existing(folder, made, advice)
    write_all(folder, made)
    for file in made:
        context.console.say(f"wrote {file}")
    shown = folder.relative_to(context.cwd) if folder.is_relative_to(context.cwd) else folder
    return Result(
        verb="init",
        message=f"runtime {name} can be deployed from {shown}: its README.md tells how",
        changed=True,
        runtime=name,
        next=shlex.join(["agentramp", "validate", str(shown)]),
    )


def rendered(template: str, name: str) -> dict[str, str]:
    """The files of a template by their path, with the runtime's name in them."""
    found = {**dict(_texts(_ROOT / _SHARED)), **dict(_texts(_ROOT / template))}
    return {path: text.replace(_NAME, name) for path, text in sorted(found.items())}


def _texts(folder: Path, above: str = "") -> Iterator[tuple[str, str]]:
    """``dot-github/x.yml.in`` is the text of ``.github/x.yml``."""
    for item in folder.iterdir():
        path = above + re.sub(f"^{_DOT}", ".", item.name)
        if item.is_dir():
            yield from _texts(item, f"{path}/")
        elif path.endswith(_SUFFIX):
            yield path.removesuffix(_SUFFIX), item.read_text(encoding="utf-8")


def _list() -> Facts:
    return Facts(
        verb="init",
        message="templates:",
        changed=False,
        facts=tuple(TEMPLATES.items()),
    )


def _checked(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_-]{0,62}", name):
        raise UsageError(
            f"--name {name!r} is no name for a runtime",
            advice="a letter first, then letters, digits, - and _, 63 at most",
        )
    return name


def _name(folder: str) -> str:
    """The folder's name with what no runtime's name may have replaced."""
    plain = re.sub(r"[^a-zA-Z0-9_-]+", "-", folder).strip("-")[:50]
    return plain if re.match(r"[a-zA-Z]", plain) else f"agent-{plain}".rstrip("-")
