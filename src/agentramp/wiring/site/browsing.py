"""A page shown to who sits at a screen, by a program of its own.

A browser may run in the foreground, write to standard output, or wait: none of it is this run's.
"""

import subprocess
import sys
from threading import Thread


def opened(url: str) -> bool:
    """Whether a browser could be asked for."""
    try:
        child = subprocess.Popen(  # noqa: S603 - no shell; an address that was checked
            [sys.executable, "-I", "-m", "webbrowser", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    Thread(target=child.wait, daemon=True).start()  # nothing of it is left behind when it ends
    return True
