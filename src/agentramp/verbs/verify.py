"""verify: ask an endpoint as its users do, and say what came back."""

import argparse
import json

from agentramp.errors import UsageError
from agentramp.model import Endpoint
from agentramp.report.plain import harmless, wrapped
from agentramp.report.result import Answer
from agentramp.wiring import arguments
from agentramp.wiring.asking import PROMPT, TIMEOUT, Asked, asked, told
from agentramp.wiring.blocklet import arguments as blocklet
from agentramp.wiring.context import Context
from agentramp.wiring.standing import existing, there
from agentramp.wiring.target import Target, named

EXAMPLE = "agentramp verify examples/quickstart --platform local --endpoint production"
_WIDTH = 78


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_project(parser)
    arguments.add_platform(parser)
    arguments.add_runtime(parser)
    arguments.add_endpoint(parser)
    parser.add_argument(
        "--prompt", metavar="TEXT", default=PROMPT, help="what to ask (default: a greeting)"
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=arguments.seconds,
        default=f"{TIMEOUT:.0f}s",
        help=f"for the whole answer (default: {TIMEOUT:.0f}s)",
    )
    blocklet.add_components(parser)


def run(args: argparse.Namespace, context: Context) -> Answer:
    where = named(args, context)
    endpoint = _endpoint(where)
    found = asked(context, where, endpoint, args.prompt, args.timeout)
    return Answer(
        verb="verify",
        message=told(found),
        lines=tuple(f"  {line}" for line in wrapped(harmless(found.heard.text), _WIDTH)),
        fields=_fields(where, found),
    )


def _endpoint(where: Target) -> Endpoint:
    observed = where.platform.observe(where.runtime)
    existing(where, observed)
    endpoint = observed.endpoint(where.endpoint)
    if endpoint is None:
        raise UsageError(
            f"runtime {where.runtime} has no endpoint {where.endpoint} (it has: {there(observed)})",
            advice="name one with --endpoint, or make it with shift-traffic",
        )
    return endpoint


def _fields(where: Target, found: Asked) -> tuple[tuple[str, str], ...]:
    values = {
        "runtime": where.runtime,
        "endpoint": found.endpoint.name,
        "url": found.endpoint.url,
        "status": found.heard.status,
        "first_byte_ms": round(found.heard.first_byte * 1000),
        "signed": found.signed,
        "answer": found.heard.text,
    }
    return tuple((name, json.dumps(value)) for name, value in values.items())
