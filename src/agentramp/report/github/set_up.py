"""What the setup action ends with: which environment stands, and whether this step has made it."""

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from agentramp.report.github.output_file import written
from agentramp.report.hiding import Hiding

UNWRITTEN = 2
"""The exit code where the outputs, which are all that was asked for, cannot be written."""


def told(environ: Mapping[str, str], executable: str, say: Callable[[str], object]) -> int:
    """The exit code. ``executable`` is the Python of the environment that actions/run stands on."""
    command = str(Path(executable).with_name("agentramp"))
    made = environ.get("AGENTRAMP_SET_UP") == "made"
    reason = f"the environment of agentramp {'is made' if made else 'stood already'}"
    said = {"verb": "setup", "ok": True, "exit_code": 0, "changed": made, "message": reason}
    pairs = {
        "changed": "true" if made else "false",
        "command": command,
        "reason": reason,
        "result-json": json.dumps({**said, "command": command}),
    }
    page = f"### setup: {'changed' if made else 'nothing to do'}\n\n{reason}\n\n"
    outputs = written(pairs, Hiding(), secrets.token_hex(16))
    if why := _added(environ.get("GITHUB_OUTPUT"), outputs):
        advice = "Give this step a file that it may write"
        say(f"::error title=agentramp setup::GITHUB_OUTPUT cannot be written: {why}. {advice}\n")
        return UNWRITTEN
    if why := _added(environ.get("GITHUB_STEP_SUMMARY"), f"{page}```text\n{command}\n```\n\n"):
        say(f"GITHUB_STEP_SUMMARY could not be written: {why}\n")
    say(f"{reason}: {command}\n")
    return 0


def _added(file: str | None, text: str) -> str | None:
    """Why not, if so."""
    try:
        if file:
            with Path(file).open("a", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        return error.strerror or str(error)
    except ValueError as error:
        return str(error)
    return None
