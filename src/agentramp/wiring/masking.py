"""The secrets that stand in a job's environment, found before anything can be printed."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from agentramp.credentials.chain import GITHUB_TOKEN
from agentramp.credentials.environment import AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS
from agentramp.credentials.serverless_devs import SUFFIX
from agentramp.report.command_line import logins

_FORMS: Final = (AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS)
_BLOCKLET: Final = "BLOCKLET_ACCESS_KEY_SECRET"
_PARTS: Final = (SERVERLESS_DEVS.secret, SERVERLESS_DEVS.token)


def masked(
    environ: Mapping[str, str], words: Sequence[str], variables: str, mask: Callable[[str], None]
) -> Mapping[str, str]:
    """The variables of the dotenv lines ``variables``, after all that is known was masked.

    Raises UsageError where they cannot be read.
    """
    for secret in (*secrets(environ), *logins((*words, *environ.values()))):
        mask(secret)
    if not variables:
        return {}
    from agentramp.wiring.variables import masked as of_dotenv  # noqa: PLC0415 - few runs have any

    return of_dotenv(variables, mask)


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Keys and tokens, by every name that one of ours is known to stand under."""
    names = [name for form in _FORMS for name in (form.secret, form.token)]
    names += [_BLOCKLET, "GITHUB_TOKEN", GITHUB_TOKEN]
    yield from filter(None, (environ.get(name) for name in names))
    for name, text in environ.items():
        if name.endswith(SUFFIX):
            yield from _of_key(text)


def _of_key(text: str) -> Iterator[str]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        yield text
        return
    if isinstance(said, dict):
        yield from (value for part in _PARTS if isinstance(value := said.get(part), str))
