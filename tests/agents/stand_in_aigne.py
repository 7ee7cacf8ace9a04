"""A stand-in for the AIGNE CLI 1.59 that knows one agent, echo, and has that program's manners.

Run as a program. Into a pipe it prints nothing. It wants a model to be configured, whether the
agent uses one or not. It takes its input from a pipe, and the .env of two folders. All its failures
have one exit status. What it prints then was captured from the real one.
"""

import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any, NoReturn

ASKS = """\
\x1b[34m?\x1b[39m \x1b[1mNo LLM API Keys or AIGNE Hub connections found. How would you like to \
proceed?\x1b[22m
\x1b[36m> Connect to the Arcblock official AIGNE Hub (recommended, free credits)\x1b[39m
  Exit and configure my own LLM API Keys
"""
KEYLESS = "\x1b[34m?\x1b[39m \x1b[1mNo API key is configured for {}, How would you like to proceed?"
COMMANDS = """\
aigne run <path> <agent> [...options]

Commands:
  echo  says what it hears
  echo  says what it hears

Options:
  -h, --help     Show help                                             [boolean]
"""
HELP = "      --text                                              [string] [required]\n"
OF_THE_CLI = {"model", "input", "output", "output-key", "force", "session-id"}
OWN = {"text", "times"}


def main(words: list[str]) -> None:
    assert words.pop(0) == "run"
    folder = Path(words.pop(0))
    for place in (Path(), folder):
        read_variables(place / ".env")
    assert (folder / "aigne.yaml").is_file()
    check_model(words)
    agent = words.pop(0) if words and not words[0].startswith("-") else "echo"
    options: dict[str, Any] = {}
    for word in words:
        name, mark, value = word.removeprefix("--").partition("=")
        options[name] = value if mark else True
    if "chat" in options:
        chat()
        return
    check(agent, options)
    answer(options)


def chat() -> None:
    if not sys.stdout.isatty():
        end("Error: --interactive mode requires a TTY terminal")
    signal.signal(signal.SIGINT, lambda *_: os.write(1, b"stopped"))
    sys.stdout.write("chatting> ")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "leave":
            end("Error: left in anger")
        sys.stdout.write(f"heard {line}chatting> ")
        sys.stdout.flush()


def read_variables(path: Path) -> None:
    for line in path.read_text().splitlines() if path.is_file() else ():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)


def check_model(words: list[str]) -> None:
    """It looks for the keys before it reads its own options."""
    named = [word.partition("=")[2] for word in words if word.startswith("--model=")]
    model = [*named, os.environ.get("MODEL", "")][0]
    provider = model.partition("/")[0].upper()
    if os.environ.get("AIGNE_HUB_API_KEY") or os.environ.get(f"{provider}_API_KEY"):
        return
    sys.stdout.write(KEYLESS.format(model) if model else ASKS)
    sys.exit(1)


def check(agent: str, options: dict[str, Any]) -> None:
    if agent != "echo":
        names = [*options, "outputKey", agent]
        end(f"{COMMANDS}\nUnknown arguments: {', '.join(names)}")
    if "text" not in options:
        end(f"{HELP}\nMissing required argument: text")
    if unknown := sorted(options.keys() - OF_THE_CLI - OWN):
        end(f"{HELP}\nUnknown argument{'s' * (len(unknown) > 1)}: {', '.join(unknown)}")


def answer(options: dict[str, Any]) -> None:
    output = Path(str(options["output"])) if "output" in options else None
    if output:
        output.write_text("")
    result = echo(value(options["text"]), float(options.get("times", 1)))
    text = result.get("message", json.dumps(result, indent=2))
    if output:
        output.write_text(text)
    if sys.stdout.isatty():
        sys.stdout.write(f"{text}\n")


def value(text: str) -> str:
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISREG(mode):
        sys.stdin.buffer.read()
    return Path(text[1:]).read_text() if text.startswith("@") else text


def echo(text: str, times: float) -> dict[str, str]:
    """As echo.js."""
    if text == "fail":
        sys.stdout.write("\n")
        end("Error: echo was told to fail")
    if text == "object":
        return {"reply": "no message"}
    known = {"environment": sorted(os.environ), "words": sys.argv[1:], "nothing": []}
    return {"message": " ".join(known.get(text, [text] * int(times)))}


def end(said: str) -> NoReturn:
    sys.stderr.write(f"{said}\n")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
