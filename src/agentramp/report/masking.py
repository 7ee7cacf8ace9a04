"""Secrets as GitHub is told of them, so that its log shows asterisks in their place.

``::add-mask::`` of "Workflow commands for GitHub Actions". A runner masks what it finds, letter for
letter and line by line, so each form is told in which a secret may come out again.
"""

import base64
import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 4
"""Characters: to mask less would blacken the log, and hide no secret worth the name."""


def commands(secret: str) -> Iterator[str]:
    """One workflow command for each form of ``secret``, the plain one first."""
    for form in dict.fromkeys(_forms(secret)):
        if len(form) >= SHORTEST:
            yield f"::add-mask::{_data(form)}"


def _forms(secret: str) -> Iterator[str]:
    whole = secret.strip()
    yield from (line.strip() for line in whole.splitlines())
    if len(whole) < SHORTEST:
        return
    code = whole.encode("utf-8", "surrogateescape")
    for told in {whole: code, secret: secret.encode("utf-8", "surrogateescape")}.values():
        # Without its padding, which more text behind the secret would change.
        yield base64.b64encode(told).decode().rstrip("=")
        yield base64.urlsafe_b64encode(told).decode().rstrip("=")
    yield quote(code, safe="")
    yield quote(code)
    yield quote_plus(code)
    yield json.dumps(whole)[1:-1]
    yield json.dumps(whole, ensure_ascii=False)[1:-1]


def _data(form: str) -> str:
    return form.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
