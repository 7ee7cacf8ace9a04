"""The port to other programs, and its one real adapter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from agentramp import program
from agentramp.package.errors import BuildError, RegistryError

MOST_SECONDS: Final = 900.0
_MOST_NOTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Finished:
    code: int
    stdout: str
    stderr: str


class Run(Protocol):
    def __call__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Finished:
        """Run to the end and keep what was printed; a non-zero exit is no error here."""
        ...


def run_child(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: float = MOST_SECONDS
) -> Finished:
    """Run without a shell and without input; what it started ends with it.

    Raises BuildError where the program cannot start, RegistryError where it takes too long.
    """
    try:
        ended = program.run(argv, timeout=seconds, environ=env, cwd=cwd, tail=_MOST_NOTES)
    except program.TooSlowError:
        raise too_slow(argv, seconds) from None  # what it said may show an address's password
    except program.ProgramError as error:
        raise BuildError(
            error.message, advice="name an interpreter that is there and may be run"
        ) from error
    return Finished(ended.status, ended.out.decode("utf-8", "replace"), ended.err)


def too_slow(argv: Sequence[str], seconds: float) -> RegistryError:
    name = " ".join((Path(argv[0]).name, *_verb(argv[1:])))
    return RegistryError(
        f"{name} did not end within {seconds:g} s and was stopped",
        advice="usual cause: a package registry that does not answer, or answers very slowly; check"
        " the network, the proxy and the address of the registry, then build again",
    )


def _verb(words: Sequence[str]) -> list[str]:
    """The words before the first that is no plain one: ``-m pip install``, not all its options."""
    start = 2 if words[:1] == ("-m",) else 0
    plain = list(words[:start])
    for word in words[start:]:
        if not word.isalpha():
            break
        plain.append(word)
    return plain
