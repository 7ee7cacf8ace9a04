"""The secrets that stand in a job's environment, found before anything can be printed."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from agentramp.credentials.chain import GITHUB_TOKEN
from agentramp.credentials.environment import AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS
from agentramp.credentials.serverless_devs import SUFFIX

_FORMS: Final = (AGENTRUN, ALIBABA_CLOUD, SERVERLESS_DEVS)
_PARTS: Final = (SERVERLESS_DEVS.secret, SERVERLESS_DEVS.token)


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Keys and tokens, by every name that one of ours is known to stand under."""
    names = [name for form in _FORMS for name in (form.secret, form.token)]
    yield from filter(None, (environ.get(name) for name in (*names, "GITHUB_TOKEN", GITHUB_TOKEN)))
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
