"""Runs the scripts behind the actions many times in one process: cases in, what each did out.

Started as ``python -m tests.actions.batch``; cases come as JSON on standard input. Each has the
script's name and all of its environment. A process for each case would take minutes.
"""

import io
import json
import os
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "pty.spawn"}


def main() -> None:
    cases = json.load(sys.stdin)
    own, folder, started = sys.stdout, Path.cwd(), list[str]()
    sys.addaudithook(lambda event, _: started.append(event) if event in STARTS else None)
    results = []
    for case in cases:
        started.clear()
        results.append({**_run(case, folder), "started": list(started)})
    json.dump(results, own)


def _run(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    files = {name: folder.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_bytes(b"")
    os.environ.clear()
    os.environ.update(case["environ"] | {name: str(file) for name, file in files.items()})
    raw = io.BytesIO()
    log = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    sys.stdout = sys.stderr = log
    try:
        code = _script(case["verb"])([])
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    log.flush()
    return {
        "code": code,
        "log": raw.getvalue().decode(),
        "output": files["GITHUB_OUTPUT"].read_bytes().decode(),
        "summary": files["GITHUB_STEP_SUMMARY"].read_bytes().decode(),
    }


@cache
def _script(verb: str) -> Any:
    file = ROOT / "scripts" / f"{verb.replace('-', '_')}.py"
    spec = spec_from_file_location(f"script_{file.stem}", file)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


if __name__ == "__main__":
    main()
