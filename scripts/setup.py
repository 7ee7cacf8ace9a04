"""What the setup action ends with: which environment stands, and whether this step has made it."""

import json
import os
import secrets
import sys
from pathlib import Path


def main() -> int:
    """Started by actions/run, which made or found the environment of this interpreter."""
    command = str(Path(sys.executable).with_name("agentramp"))
    made = os.environ.get("AGENTRAMP_SET_UP") == "made"
    reason = f"the environment of agentramp {'is made' if made else 'stood already'}"
    document = {"verb": "setup", "ok": True, "exit_code": 0, "changed": made, "message": reason}
    outputs = {
        "changed": "true" if made else "false",
        "command": command,
        "reason": reason,
        "result-json": json.dumps({**document, "command": command}),
    }
    if file := os.environ.get("GITHUB_OUTPUT"):
        mark = secrets.token_hex(16)
        lines = (f"{name}<<{mark}\n{said}\n{mark}\n" for name, said in outputs.items())
        try:
            with Path(file).open("a", encoding="utf-8") as stream:
                stream.writelines(lines)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            sys.stdout.write(
                f"::error title=agentramp setup::GITHUB_OUTPUT cannot be written: {why}. Give this"
                " step a file that it may write\n"
            )
            return 2
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        page = f"### setup: {'changed' if made else 'nothing to do'}\n\n{reason}\n\n"
        try:
            with Path(file).open("a", encoding="utf-8") as stream:
                stream.write(f"{page}```text\n{command}\n```\n\n")
        except (OSError, ValueError) as error:
            sys.stdout.write(f"GITHUB_STEP_SUMMARY could not be written: {error}\n")
    sys.stdout.write(f"{reason}: {command}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
