"""local: start, stop or look at the embedded platform, or say what stands for an image there."""

import argparse
import sys
import tempfile
from pathlib import Path

from agentramp import package
from agentramp.errors import UsageError
from agentramp.local import daemon
from agentramp.local.images import Reference
from agentramp.package import BuildRequest, LocalTarget
from agentramp.report.result import Facts
from agentramp.wiring.context import Context
from agentramp.wiring.target import started

EXAMPLE = """\
agentramp local status --output json
  agentramp local image example.com/acme/shop:1 ./code -- python3 app.py"""
_STOP_TIMEOUT = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("start", "stop", "status", "image"),
        help="start: a verb with --platform local does so by itself; stop: what it holds is kept;"
        " image: let a folder, and the command after --, stand for a container image, as no"
        " container engine runs here: the Dockerfile is not read",
    )
    parser.add_argument(
        "image", nargs="?", metavar="IMAGE", help="image: its name, as s.yaml has it"
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="image: what would be its working directory; requirements.txt in it is installed",
    )
    # The parser keeps what stands after -- for a verb that has this.
    parser.set_defaults(words=())


def run(args: argparse.Namespace, context: Context) -> Facts:
    if args.action == "image":
        return _image(args, context)
    if args.image or args.words:
        raise UsageError(
            f"{args.image or '--'} makes no sense after local {args.action}", advice="leave it out"
        )
    changed = False
    match args.action:
        case "start":
            changed = daemon.status(context.home) is None
            started(context)
        case "stop":
            changed = daemon.stop(context.home, timeout=_STOP_TIMEOUT)
        case _:
            pass
    return _told(args, context, changed=changed)


def _image(args: argparse.Namespace, context: Context) -> Facts:
    if not args.image or not args.folder:
        raise UsageError(
            "local image needs the image's name and a folder",
            advice="such as: agentramp local image shop:1 ./code -- python3 app.py",
        )
    reference, folder = Reference.of(args.image), context.cwd / args.folder
    if not folder.is_dir():
        raise UsageError(
            f"{args.folder} is not a folder",
            advice="name the one that the Dockerfile copies into the image",
        )
    with tempfile.TemporaryDirectory(prefix="agentramp-") as scratch:
        request = BuildRequest(
            source=folder,
            target=LocalTarget("python"),
            output=Path(scratch, "image.zip"),
            python=sys.executable,
        )
        built = package.build(request, environ=context.environ, progress=context.console)
        images = daemon.images(context.home)
        was = images.find(args.image)
        name = images.register(reference, built.artifact.path, args.words)
    now = images.find(args.image)
    return Facts(
        verb="local image",
        message=f"{args.folder} stands for the image {name}",
        changed=was != now,
        facts=(
            ("image", name),
            ("digest", f"sha256:{name.rpartition(':')[2]}"),
            ("files", built.manifest.files),
            ("command", " ".join(args.words) or None),
        ),
    )


def _told(args: argparse.Namespace, context: Context, *, changed: bool) -> Facts:
    server = daemon.status(context.home)
    running = server is not None
    known: tuple[tuple[str, str | int | bool], ...] = (("running", running),)
    if server:
        known += (
            ("control_url", server.control_url),
            ("data_url", server.data_url),
            ("access_key_id", server.access_key_id),
            ("access_key_secret", server.access_key_secret),
            ("account_id", server.account_id),
            ("region", server.region),
            ("pid", server.pid),
            ("home", str(server.home)),
        )
    state = "running" if running else "stopped" if changed else "not running"
    return Facts(
        verb=f"local {args.action}",
        message=f"the embedded platform is {state}",
        changed=changed,
        facts=known,
        secret=frozenset({"access_key_secret"}),
    )
