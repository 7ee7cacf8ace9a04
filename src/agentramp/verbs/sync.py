"""sync: write the s.yaml of a runtime that somebody made elsewhere."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path

from agentramp.config.written import FOLDER, Written, s_yaml
from agentramp.errors import UsageError
from agentramp.model import Observed, RuntimeSpec
from agentramp.report.result import Result
from agentramp.wiring import arguments
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing
from agentramp.wiring.target import Target, named
from agentramp.wiring.writing import refuse_existing, write_all

EXAMPLE = "agentramp sync --runtime support --region cn-hangzhou --target-dir support"
_LOCAL_REGION = "cn-hangzhou"
"""The embedded platform has no region, and s.yaml needs one."""
_NOT_SET = """\
# Copy to .env, which git does not see, and fill in. Their values are not written here: they may be
# secrets. s.yaml refers to them.
"""
_IGNORED = ".env\n.agentramp/\n__pycache__/\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_runtime(parser)
    arguments.add_platform(parser)
    parser.add_argument(
        "--version", type=arguments.version, help="write this published one (default: the head)"
    )
    parser.add_argument(
        "--target-dir", metavar="DIR", help="where to write (default: a folder of its name, here)"
    )
    parser.add_argument(
        "--force", action="store_true", help="write over s.yaml and .env.example that are there"
    )
    parser.set_defaults(path=".", resource=None, template=None, env=None)


def run(args: argparse.Namespace, context: Context) -> Result:
    if not args.runtime:
        raise UsageError(
            "sync needs the runtime's name", advice="add --runtime NAME and --region REGION"
        )
    folder = context.cwd / (args.target_dir or args.runtime)
    names = ("s.yaml", ".env.example")
    if not args.force:
        refuse_existing(
            folder, names, "use --force to write over them, or name another --target-dir"
        )
    where = named(args, context)
    observed = where.platform.observe(where.runtime)
    spec = _spec(args, where, observed)
    region = _LOCAL_REGION if args.platform == "local" else where.region
    written = s_yaml(spec, region, observed.endpoints)
    write_all(folder, _files(folder, written))
    shown = _path(context, folder)
    check = f"agentramp validate {shlex.quote(shown)}"
    waits = _tell(context, spec, written, shown)
    if waits:
        context.console.say(f"then run: {check}")
    return Result(
        verb="sync",
        message=f"wrote {shown}/s.yaml for runtime {where.runtime}",
        changed=True,
        runtime=where.runtime,
        runtime_id=existing(where, observed).id,
        version=args.version,
        next=None if waits else check,
    )


def _spec(args: argparse.Namespace, where: Target, observed: Observed) -> RuntimeSpec:
    runtime = existing(where, observed)
    if args.version is None:
        return runtime.spec
    if args.version not in [version.number for version in observed.versions]:
        listed = ", ".join(str(version.number) for version in observed.versions) or "none"
        raise UsageError(
            f"version {args.version} of {where.runtime} is not published (published: {listed})",
            advice="name one of those, or leave --version out for the head",
        )
    return where.platform.published_spec(runtime.id, args.version)


def _files(folder: Path, written: Written) -> Mapping[str, str]:
    files = {"s.yaml": written.text}
    if written.variables:
        lines = "".join(f"{name}=\n" for name in written.variables)
        files[".env.example"] = _NOT_SET + lines
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = _IGNORED
    return files


def _tell(context: Context, spec: RuntimeSpec, written: Written, folder: str) -> bool:
    """Whether a person has to bring what is not in the file before it can be valid."""
    if written.variables:
        names = ", ".join(written.variables)
        context.console.say(f"kept out of the file, set them in {folder}/.env: {names}")
    without_code = spec.code is not None and spec.code.oss is None
    if without_code:
        code = f"{folder}/{FOLDER.removeprefix('./')}"
        context.console.say(f"the platform gives no code back: put what runs there into {code}")
    return without_code or bool(written.variables)


def _path(context: Context, folder: Path) -> str:
    return str(folder.relative_to(context.cwd) if folder.is_relative_to(context.cwd) else folder)
