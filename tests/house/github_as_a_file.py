"""A ``gh`` for the tests of our own release. They put this file's text on PATH.

GH_STATE names its state: ``releases`` are {tag: {draft, pre, latest, notes, assets}}, and tags are
those of the bare repository ``origin``. ``dies`` ends it at that command, before it did anything;
``seals`` says whether the repository makes releases immutable; ``refuses`` whether GitHub lets no
workflow bring a tag to a commit that has other workflows than main.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

ABSENT = "0" * 40
FOLDER = ".github/workflows"


def main(words: Sequence[str]) -> None:
    kept = Path(os.environ["GH_STATE"])
    state = json.loads(kept.read_text())
    verb = _method(words) if words[0] == "api" else words[1]
    if state["dies"] == verb:
        sys.exit(9)
    if words[0] == "api":
        _rest(words, state)
    else:
        _release(verb, words[2:], state)
    kept.write_text(json.dumps(state))


def _git(state: Any, *words: str, **more: Any) -> str:
    command = ["git", "--git-dir", state["origin"], *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **more)
    return str(done.stdout).strip()


def _method(words: Sequence[str]) -> str:
    return words[words.index("--method") + 1]


def _fields(words: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for flag, word in pairwise(words):
        if flag in {"-f", "-F"}:
            name, said = word.split("=", 1)
            found[name] = json.loads(said) if flag == "-F" else said
    return found


def _rest(words: Sequence[str], state: Any) -> None:
    asked = _fields(words)
    (path,) = (word for word in words if word.startswith("repos/{owner}/{repo}/git/"))
    kind, _, ref = path.removeprefix("repos/{owner}/{repo}/git/").partition("/")
    match _method(words), kind:
        case "POST", "tags":
            assert words[words.index("--jq") + 1] == ".sha"
            sys.stdout.write(_git(state, "mktag", input=_tag(asked)))
        case "POST", "refs":
            _set(state, asked["ref"], asked["sha"], ABSENT)
        case "PATCH", "refs":
            assert asked["force"] is True, "a tag does not go forward by itself"
            _set(state, f"refs/{ref}", asked["sha"])
        case other:
            raise SystemExit(f"no such call: {other}")


def _tag(asked: dict[str, Any]) -> str:
    who = f"{asked['tagger[name]']} <{asked['tagger[email]']}> 1 +0000"
    head = f"object {asked['object']}\ntype {asked['type']}\ntag {asked['tag']}\ntagger {who}"
    return f"{head}\n\n{asked['message']}\n"


def _set(state: Any, ref: str, target: str, *before: str) -> None:
    differs = _git(state, "diff", "--name-only", target, "main", "--", FOLDER)
    if state["refuses"] and differs:
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")
    _git(state, "update-ref", ref, target, *before)


def _release(verb: str, words: Sequence[str], state: Any) -> None:
    releases = state["releases"]
    flags = {word for word in words if word.startswith("--")}
    paths = [Path(word) for word in words if word.endswith((".whl", ".gz"))]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    match verb:
        case "list":
            told = [{"tagName": tag, "isDraft": one["draft"]} for tag, one in releases.items()]
            sys.stdout.write(json.dumps(told))
        case "view":
            one = releases[words[0]]
            assets = [
                {"name": name, "digest": f"sha256:{digest}"}
                for name, digest in one["assets"].items()
            ]
            sealed = state["seals"] and not one["draft"]
            sys.stdout.write(json.dumps({"assets": assets, "isImmutable": sealed}))
        case "create":
            assert words[0] not in releases
            assert {"--verify-tag", "--draft"} <= flags
            _git(state, "rev-parse", "--verify", f"refs/tags/{words[0]}")
            notes = Path(words[words.index("--notes-file") + 1]).read_text()
            pre = "--prerelease" in flags
            releases[words[0]] = {"draft": True, "pre": pre, "notes": notes, "assets": files}
        case "upload":
            assert releases[words[0]]["draft"], "it is immutable"
            releases[words[0]]["assets"] = files
        case "edit":
            assert releases[words[0]]["draft"]
            assert "--draft=false" in flags
            releases[words[0]] |= {"draft": False, "latest": "--latest=true" in flags}
        case _:
            raise SystemExit(f"no such verb: {verb}")


if __name__ == "__main__":
    main(sys.argv[1:])
