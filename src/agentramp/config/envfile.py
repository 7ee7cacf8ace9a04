"""``.env`` files → variables. Values may be secrets: no message shows a line's text."""

import io
from dataclasses import dataclass
from pathlib import Path

from agentramp.config.text import decode
from agentramp.diagnostics import ConfigError, Diagnostic, Position


@dataclass(frozen=True)
class EnvFile:
    variables: dict[str, str]
    faults: tuple[Diagnostic, ...] = ()


def parse_env(data: bytes, file: str) -> EnvFile:
    """Read variables as written, without interpolation, as Serverless Devs does.

    Every line that is no ``NAME=value`` is a fault.
    """
    try:
        text = decode(data, file)
    except ConfigError as error:
        return EnvFile({}, error.diagnostics)
    return _parse(text, file)


def _parse(text: str, file: str) -> EnvFile:
    from dotenv.parser import parse_stream  # noqa: PLC0415 - most runs have no .env file

    variables: dict[str, str] = {}
    faults = []
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line + _blank_lines(binding.original.string)
        is_export = binding.original.string.lstrip().startswith("export")
        if binding.error or (binding.key and binding.value is None and not is_export):
            faults.append(_fault(file, line, has_sign="=" in binding.original.string))
        elif binding.key and binding.value is not None:
            variables[binding.key] = binding.value
    return EnvFile(variables, tuple(faults))


def env_files(root: Path, cwd: Path) -> tuple[Path, ...]:
    """Name the files to read, the stronger one last: the working folder wins over the YAML's."""
    candidates = [root / ".env", cwd / ".env"]
    found = [path for path in candidates if path.is_file()]
    if len(found) == len(candidates) and found[0].samefile(found[1]):
        return (found[1],)
    return tuple(found)


def _blank_lines(original: str) -> int:
    leading = original[: len(original) - len(original.lstrip())]
    return len(leading.splitlines())


def _fault(file: str, line: int, *, has_sign: bool) -> Diagnostic:
    message = (
        "this line cannot be read; usual cause: a quote that is not closed, "
        "or text after the closing quote"
        if has_sign
        else "there is no '=' on this line; write NAME=value, or # before a comment"
    )
    return Diagnostic(Position(file, line, 1), "", message, "dotenv")
