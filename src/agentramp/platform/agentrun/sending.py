"""A signed request on its way: to the address it was signed for and nowhere else."""

import time
from collections.abc import Callable

import requests

from agentramp.exchange import is_loopback
from agentramp.platform.agentrun.again import CONNECT_TIMEOUT, READ_TIMEOUT
from agentramp.platform.agentrun.calls import Call, Tell


def sent(
    session: requests.Session,
    action: str,
    request: requests.PreparedRequest,
    tell: Tell,
    monotonic: Callable[[], float] = time.monotonic,
) -> requests.Response:
    """The answer, whatever it says; raises requests.RequestException. ``tell`` hears of either.

    ``request`` is not prepared by the session, which would put a .netrc password in place of the
    signature. It is not led on to another address: its body may hold secrets.
    """
    url = str(request.url)
    # A proxy of the environment is for the way out, never for this machine.
    session.trust_env = not is_loopback(url)
    begun, status = monotonic(), 0
    try:
        answer = session.send(
            request,
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
            **session.merge_environment_settings(url, {}, None, None, None),
        )
        status = answer.status_code
    finally:
        tell(Call(action, status, 1000 * (monotonic() - begun)))
    return answer
