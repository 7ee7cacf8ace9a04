"""What package.json asks for, installed by npm into a folder aside.

A server runs no installation of its own for what lies in ``node_modules`` already, so dependencies
travel in the bundle. Scripts of packages never run: they would be somebody else's code, and what
they compile would be for this machine.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentramp import program
from agentramp.bundle.layout import INSTALLED
from agentramp.bundle.staging import DECLARATION, LOCKS, declaration, stage, wanted
from agentramp.errors import AgentrampError
from agentramp.package.child import MOST_SECONDS, too_slow
from agentramp.package.errors import BuildError, RegistryError, reading
from agentramp.package.failures import hide_credentials
from agentramp.package.installer import child_environ
from agentramp.package.source import Entry, Source
from agentramp.progress import Progress

_OPTIONS: Final = (
    *("--omit=dev", "--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund"),
    *("--no-update-notifier", "--loglevel=error", "--json"),
)
_OF_NPM: Final = frozenset({".bin", ".package-lock.json", ".cache"})
"""What npm keeps for itself beside the packages."""
_OF_THE_SERVER: Final = "BLOCKLET_"
_NAMED: Final = re.compile(r"\$\{(\w+)\??\}")
_REFUSED: Final = re.compile(r"E40[13]|ENEEDAUTH")
_UNREACHABLE: Final = re.compile(
    r"ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|E5\d\d"
    r"|CERT|SELF_SIGNED|UNABLE_TO_|ENETWORK|E429"
)


@dataclass(frozen=True)
class Npm:
    """``environ`` is what npm runs with, less credentials: registries are configured there."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = MOST_SECONDS


def install(
    root: Path, source: Source, staging: Path, npm: Npm, progress: Progress
) -> tuple[Entry, ...]:
    """The files of the dependencies; none where package.json asks for none.

    Raises BuildError where they cannot be installed, RegistryError where the registry gives no
    answer or npm takes too long.
    """
    asked = wanted(declaration(root))
    if not asked:
        return ()
    home = stage(root, source, staging)
    _tell(home, asked, progress)
    _run(home, npm)
    _check_linked(home)
    _tell_scripts(home, progress)
    return tuple(_walk(home / INSTALLED, INSTALLED, staging.resolve(), ()))


def _tell(home: Path, asked: Mapping[str, str], progress: Progress) -> None:
    progress.say(f"installing {len(asked)} dependencies with npm: {', '.join(sorted(asked))}")
    if not _is_locked(home):
        progress.say(
            "note: there is no package-lock.json, so what npm installs may differ from build to "
            "build; run npm install and commit the file"
        )


def _is_locked(home: Path) -> bool:
    return any((home / name).is_file() for name in LOCKS)


def _run(home: Path, npm: Npm) -> None:
    word = "ci" if _is_locked(home) else "install"
    # A lock says whether folders are linked or packed, and npm ci wants to be told the same.
    linked = "--no-install-links" if _links(home) else "--install-links"
    argv = (_found(npm), word, "--prefix", str(home), *_OPTIONS, linked)
    try:
        ended = program.run(argv, timeout=npm.seconds, environ=_environ(home, npm))
    except program.TooSlowError:
        raise too_slow(argv, npm.seconds) from None  # as of the other installers
    if ended.status:
        raise _explained(ended, npm)


def _environ(home: Path, npm: Npm) -> dict[str, str]:
    """Less credentials, but for what .npmrc names as ${NAME}."""
    settings = home / ".npmrc"
    text = settings.read_text(encoding="utf-8", errors="replace") if settings.is_file() else ""
    named = frozenset(_NAMED.findall(text))
    given = child_environ(npm.environ, named=named)
    return {
        name: value
        for name, value in given.items()
        if name in named or not name.startswith(_OF_THE_SERVER)
    }


def _found(npm: Npm) -> str:
    found = shutil.which("npm", path=npm.environ.get("PATH", os.defpath))
    if found is None:
        raise BuildError(
            f"{DECLARATION} names dependencies, and there is no npm on the PATH to install them",
            advice="install Node.js, which brings npm; or build where it is, and deploy that file",
        )
    return found


def _explained(ended: program.Ended, npm: Npm) -> AgentrampError:
    code, said = _error(ended)
    tail = program.said_last(hide_credentials(said, npm.environ)).rstrip()
    if _REFUSED.search(code):
        return RegistryError(
            f"the package registry refused npm:\n{tail}",
            advice="give npm a token for it: in .npmrc as ${NAME}, and NAME in the environment",
        )
    if _UNREACHABLE.search(code):
        return RegistryError(
            f"the package registry could not be reached:\n{tail}",
            advice="check the network, the proxy and registry= in .npmrc, then build again",
        )
    return BuildError(
        f"npm could not install what {DECLARATION} asks for (exit status {ended.status}):\n{tail}",
        advice=f"mend {DECLARATION}, or run npm install so that package-lock.json fits it",
    )


def _error(ended: program.Ended) -> tuple[str, str]:
    """The code and the words of npm; its last lines where it did not come to say why in JSON."""
    try:
        told = json.loads(ended.out)["error"]
        code, summary, detail = (str(told.get(key) or "") for key in ("code", "summary", "detail"))
    except (ValueError, LookupError, TypeError, AttributeError):
        return ended.err, ended.err or ended.out.decode("utf-8", "replace")
    summary = summary.partition("\nUsage:")[0]
    return f"{code} {_status(summary)}", f"{summary}\n{detail}"


def _status(summary: str) -> str:
    """``E404`` and its like stand as a bare number in some summaries."""
    found = re.match(r"(\d{3})\b", summary)
    return f"E{found[1]}" if found else ""


def _links(home: Path) -> dict[str, str]:
    """The packages that a lock links to folders, and to which."""
    for name in LOCKS:
        path = home / name
        if not path.is_file():
            continue
        return {
            place: str(one["resolved"])
            for place, one in _packages(path).items()
            if one.get("link") is True and "resolved" in one
        }
    return {}


def _packages(lock: Path) -> dict[str, dict[str, object]]:
    try:
        packages = json.loads(lock.read_text(encoding="utf-8-sig")).get("packages", {})
        return {place: one for place, one in packages.items() if isinstance(one, dict)}
    except (ValueError, AttributeError) as error:
        raise BuildError(
            f"{lock.name} is not a lock of npm: {error}",
            advice="make it anew: remove the file and run npm install",
        ) from error


def _check_linked(home: Path) -> None:
    """What a linked folder outside needs is not installed: npm takes it to be there already."""
    for resolved in _links(home).values():
        folder = home / resolved
        for name in wanted(declaration(folder)):
            if not any((one / INSTALLED / name).exists() for one in (home, folder)):
                raise BuildError(
                    f"{resolved}, which package-lock.json links, needs {name}, and npm does not "
                    "install what a linked folder needs",
                    advice="run npm install --install-links, which puts both into the lock",
                )


def _tell_scripts(home: Path, progress: Progress) -> None:
    lock = home / INSTALLED / ".package-lock.json"
    if lock.is_file():
        packages = _packages(lock).items()
        names = sorted(place for place, one in packages if one.get("hasInstallScript") is True)
        if names:
            progress.say(f"note: install scripts were not run: {', '.join(names)}")


def _walk(folder: Path, place: str, staging: Path, above: tuple[Path, ...]) -> Iterator[Entry]:
    """Every file; a link is packed as what it points to, which lies in ``staging`` or nowhere."""
    real = folder.resolve()
    if real in above or not real.is_relative_to(staging):
        return
    with reading(place):
        items = sorted(os.scandir(folder), key=lambda item: item.name) if folder.is_dir() else []
    for item in items:
        name = f"{place}/{item.name}"
        if item.name in _OF_NPM:
            continue
        if item.is_dir():
            yield from _walk(Path(item.path), name, staging, (*above, real))
        elif item.is_file() and _lies_in(staging, item):
            yield _entry(name, item)


def _lies_in(staging: Path, item: "os.DirEntry[str]") -> bool:
    return not item.is_symlink() or Path(item.path).resolve().is_relative_to(staging)


def _entry(name: str, item: "os.DirEntry[str]") -> Entry:
    with reading(name):
        found = item.stat()
    executable = bool(found.st_mode & 0o100)
    return Entry(name, item.path, found.st_size, executable, found.st_mtime_ns, found.st_ctime_ns)
