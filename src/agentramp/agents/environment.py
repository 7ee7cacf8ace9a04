"""Which of the user's variables an agent's program is given.

One of the user's own gets all but what speaks for the cloud account or the workflow's job. One
that came from an address gets what a program needs to run and to reach its model. Both get what
was asked for.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from agentramp.package.installer import CREDENTIALS, TOKENS

SPEAKS_FOR_US: Final = re.compile(
    r"BLOCKLET_(?:ACCESS|DEPLOY)_.*|DOC_(?:SMITH|DISCUSS_KIT)_.*TOKEN|NPM_TOKEN|NODE_AUTH_TOKEN"
    r"|TWINE_.*|PYPI_.*|GITLAB_TOKEN|CI_JOB_TOKEN|GITHUB_(?:OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)"
)
_OF_A_MACHINE: Final = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|CI|DISPLAY"
    r"|TMPDIR|TMP|TEMP|XDG_\w+|LD_LIBRARY_PATH|DBUS_SESSION_BUS_ADDRESS"
    r"|(?i:https?|all|no)_(?i:proxy)|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|NODE_EXTRA_CA_CERTS|(?:PIP|UV)_\w+|(?i:npm_config_(?:registry|cache|cafile|userconfig))"
)
_OF_A_MODEL: Final = re.compile(
    r"MODEL|IMAGE_MODEL|MODEL_(?:NAME|BASE_URL|API_KEY)"
    r"|(?:OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE|DEEPSEEK|XAI|OPEN_?ROUTER|OLLAMA|DOUBAO|POE"
    r"|IDEOGRAM|DASHSCOPE|AIGNE_HUB)_(?:API_KEY|API_URL|BASE_URL)"
)


def given(
    environ: Mapping[str, str], *, foreign: bool, asked: Collection[str] = ()
) -> dict[str, str]:
    """``asked`` are the names that the user wants handed on, whatever they are."""

    def goes_on(name: str) -> bool:
        if name in asked:
            return True
        if foreign:
            return bool(_OF_A_MACHINE.fullmatch(name) or _OF_A_MODEL.fullmatch(name))
        ours = CREDENTIALS.fullmatch(name) or SPEAKS_FOR_US.fullmatch(name)
        return not ours and name not in TOKENS

    return {name: value for name, value in environ.items() if goes_on(name)}
