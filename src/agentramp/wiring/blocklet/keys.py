"""The access key of a server: from the environment, by name, or from the vendor's own file.

A key is whole or not at all, and no secret is an option. It is masked before anything can quote it.
"""

import os
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path
from typing import Final

from agentramp.credentials.environment import Form, keys
from agentramp.errors import UsageError
from agentramp.platform.agentrun.signing import Credentials
from agentramp.platform.blocklet.signing import AccessKey
from agentramp.wiring.context import Context
from agentramp.wiring.signing_in import drawer

VARIABLES: Final = Form("BLOCKLET_ACCESS_KEY_ID", "BLOCKLET_ACCESS_KEY_SECRET", "")
_INI: Final = Form("accessKeyId", "accessKeySecret", "")
_MOST_BYTES: Final = 1 << 20
_OF_OTHERS: Final = 0o077


def access_key(context: Context, name: str | None, app: str) -> AccessKey:
    """``name`` is what -a names; ``app`` the application whose key the vendor's file may hold.

    Raises UsageError where there is none.
    """
    found = _named(context, name) if name else _said(context) or _filed(context, app)
    if found is None:
        raise UsageError(
            "no access key of the Blocklet Server is set",
            advice="set BLOCKLET_ACCESS_KEY_ID and BLOCKLET_ACCESS_KEY_SECRET (in a workflow, from"
            " secrets); or keep it: agentramp access add NAME, then -a NAME; else ~/.arcblock/"
            "access-key.ini is read, where --app names the application",
        )
    context.mask(found.access_key_secret)
    return AccessKey(found.access_key_id, found.access_key_secret)


def _named(context: Context, name: str) -> Credentials:
    named = drawer(context).get(name)
    if named is None:
        raise UsageError(
            f"there is no key {name}",
            advice=f"agentramp access list shows those there are; agentramp access add {name}"
            " keeps one",
        )
    return named.held.credentials


def _said(context: Context) -> Credentials | None:
    if secret := context.environ.get(VARIABLES.secret):
        context.mask(secret)
    return keys(VARIABLES, context.environ)


def _filed(context: Context, app: str) -> Credentials | None:
    """What `blocklet` has written down for the application, by its identifier."""
    file = home(context) / ".arcblock" / "access-key.ini"
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES).decode()
        said = ConfigParser(interpolation=None)
        said.optionxform = str  # type: ignore[assignment, method-assign]  # as the manual has it
        said.read_string(text)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError, IniError) as error:
        raise UsageError(
            f"{file} cannot be read: {type(error).__name__}",
            advice="mend it, or set BLOCKLET_ACCESS_KEY_ID and BLOCKLET_ACCESS_KEY_SECRET",
        ) from None
    if not app or not said.has_section(app):
        return None
    if os.name == "posix" and file.stat().st_mode & _OF_OTHERS:
        context.console.say(f"warning: others may read {file}: chmod 600 keeps it yours")
    found = {name: said.get(app, name, fallback="") for name in (_INI.key_id, _INI.secret)}
    if found[_INI.secret]:
        context.mask(found[_INI.secret])
    return keys(_INI, found, str(file))


def home(context: Context) -> Path:
    """The person's own folder, as the vendor's tools find it."""
    said = context.environ.get("HOME")
    return Path(said) if said else Path.home()
