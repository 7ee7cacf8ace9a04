"""Which files a bundle has and where they stand in it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import quote

from agentramp.bundle import metadata
from agentramp.bundle.logo import logo
from agentramp.bundle.recipe import Engine, Recipe
from agentramp.component import Identity
from agentramp.package.errors import BuildError, reading
from agentramp.package.source import Entry, Source, read_source

AGENT: Final = "agent/"
"""Where the runtime for agents looks for the project."""
PROJECT: Final = "aigne.yaml"
INSTALLED: Final = "node_modules"
LEFT_OUT: Final = frozenset({INSTALLED, ".deploy", ".blocklet"})
"""Left out in every folder: what is installed anew, and what deployments by other ways leave."""
OF_TOOLS: Final = frozenset(
    {".github", ".vscode", ".idea", ".home", ".docker-output", "agentramp.yaml"}
)
"""Left out at the top, as a server has no use for it: a gate that changes makes no new version."""
PAGE: Final = "blocklet.md"
LARGEST_METADATA: Final = 1 << 20


@dataclass(frozen=True)
class Made:
    """A file that lies nowhere yet."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


Item: TypeAlias = Entry | Made


def read_folder(recipe: Recipe, without: frozenset[str]) -> Source:
    """The source's files; BuildError where what is to be started is not among them."""
    root = recipe.root
    if not root.is_dir():
        raise BuildError(f"{root} is no folder", advice="name the folder of the agent")
    source = read_source(root, without=without | OF_TOOLS | frozenset(_nested(root)))
    entries = tuple(e for e in source.entries if LEFT_OUT.isdisjoint(e.name.split("/")))
    _check_start(recipe, {entry.name for entry in entries}, source.secrets)
    return Source(entries, source.secrets)


def items(
    recipe: Recipe, identity: Identity, version: str, files: tuple[Entry, ...]
) -> tuple[Item, ...]:
    """Everything that stands in the bundle, ``files`` being source and dependencies; unsorted."""
    if recipe.engine is Engine.AIGNE:
        return _of_agent(recipe, identity, version, files)
    return _of_node(recipe, identity, version, files)


def _of_agent(
    recipe: Recipe, identity: Identity, version: str, files: tuple[Entry, ...]
) -> tuple[Item, ...]:
    picture = next((one for one in files if one.name == metadata.LOGO), None)
    return (
        *(replace(entry, name=f"{AGENT}{entry.name}") for entry in files),
        Made(metadata.FILE, metadata.written(recipe, identity, version, None)),
        Made(PAGE, _page(recipe)),
        picture or Made(metadata.LOGO, logo()),
    )


def _of_node(
    recipe: Recipe, identity: Identity, version: str, files: tuple[Entry, ...]
) -> tuple[Item, ...]:
    names = {entry.name: entry for entry in files}
    own = names.get(metadata.FILE)
    content = None if own is None else _content(own)
    made = [
        Made(metadata.FILE, metadata.written(recipe, identity, version, content)),
        Made(PAGE, _page(recipe)),
        Made(metadata.LOGO, logo()),
    ]
    main = _plain(recipe.main)
    if main != metadata.ENTRY:
        made.append(Made(metadata.ENTRY, _starting(main)))
    kept = (entry for entry in files if entry.name != metadata.FILE)
    return (*kept, *(one for one in made if one.name == metadata.FILE or one.name not in names))


def _starting(main: str) -> bytes:
    """It imports, as that takes both kinds of modules, whatever package.json says."""
    return f'import("./{quote(main)}");\n'.encode()


def _page(recipe: Recipe) -> bytes:
    return f"# {metadata.title(recipe)}\n\n{recipe.description}\n".encode()


def _check_start(recipe: Recipe, names: set[str], secrets: tuple[str, ...]) -> None:
    if recipe.engine is Engine.AIGNE:
        if PROJECT not in names:
            raise BuildError(
                f"{recipe.root / PROJECT} is not there, or is left out",
                advice=f"name the folder with {PROJECT}, or say engine: node for a Node.js project",
            )
        return
    main = _plain(recipe.main)
    if main not in names:
        secret = " as it looks like a secret" if main in secrets else ""
        raise BuildError(
            f"{recipe.root / main}, the file to start, is not there, or is left out{secret}",
            advice="set main: to a file in the folder; build the project first if it has to be",
        )
    if metadata.ENTRY in names and main != metadata.ENTRY:
        raise BuildError(
            f"{recipe.root} has a {metadata.ENTRY}, the name of what a server starts, and main: "
            f"{main}",
            advice=f"set main: {metadata.ENTRY}, or give that file another name",
        )


def _plain(main: str) -> str:
    """``./dist/index.js`` as ``dist/index.js``; BuildError for a place outside the folder."""
    path = PurePosixPath(main.replace("\\", "/"))
    if not main or path.is_absolute() or ".." in path.parts:
        raise BuildError(
            f"main: {main!r} names no file in the folder",
            advice="set main: to the file that Node.js starts, such as index.js",
        )
    return path.as_posix()


def _content(entry: Entry) -> bytes:
    if entry.size > LARGEST_METADATA:
        raise BuildError(
            f"{entry.name} has {entry.size} bytes, more than {LARGEST_METADATA}",
            advice="it holds the description of the component only",
        )
    with reading(entry.name):
        return Path(entry.path).read_bytes()


def _nested(root: Path) -> Iterator[str]:
    """Where folders to be left out lie: they are large, and full of links, so none is walked."""
    for folder, folders, _ in os.walk(root):
        place = Path(folder).relative_to(root)
        yield from ((place / name).as_posix() for name in folders if name in LEFT_OUT)
        folders[:] = [one for one in folders if one not in LEFT_OUT and not one.startswith(".git")]
