"""An interruption ends the process, whatever happens to run when it comes."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, time
from agentramp import cli

class Taker:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})
        for _ in range(1000):  # the handler runs in here, and what it raises goes no further
            pass

cli._follow_termination()
try:
    Taker()
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    print("ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends a process there")
@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_an_interruption_that_a_finalizer_took_comes_again(signal: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("{signal}", signal)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("ended\n", "")
