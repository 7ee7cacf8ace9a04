"""Starts the agent on port 9000, as the platform's template does."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping

from chat import Model
from persona import NAME, VERSION
from remote import RemoteModel
from routes import Handler
from rules import RuleModel
from server import DrainingServer

PORT = 9000
GRACE_SECONDS = 600
"""How long streams under way may go on after SIGTERM; the platform kills sooner if it must."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

log = logging.getLogger("quickstart")


def choose_model(environment: Mapping[str, str]) -> Model:
    base_url = environment.get("MODEL_BASE_URL", "")
    name = environment.get("MODEL_NAME", "")
    if base_url and name:
        if not base_url.startswith(("http://", "https://")):
            sys.exit("MODEL_BASE_URL must begin with http:// or https://.")
        return RemoteModel(base_url, name, environment.get("MODEL_API_KEY", ""))
    if base_url or name:
        missing = "MODEL_NAME" if base_url else "MODEL_BASE_URL"
        sys.exit(f"{missing} is not set: MODEL_BASE_URL and MODEL_NAME go together.")
    try:
        return RuleModel(float(environment.get("WORD_DELAY_MS") or 0) / 1000)
    except ValueError:
        sys.exit("WORD_DELAY_MS is not a number of milliseconds.")


def main(port: int = PORT) -> None:
    level = os.environ.get("LOG_LEVEL", "").upper()
    logging.basicConfig(
        level=level if level in LEVELS else "INFO",
        format="%(asctime)s %(levelname)s %(message)s",
    )
    Handler.model = choose_model(os.environ)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = DrainingServer(("0.0.0.0", port), Handler)  # noqa: S104  # the platform calls from outside
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    log.info("%s version %s, model %s, on port %s", NAME, VERSION, Handler.model.name, port)
    stop.wait()
    server.shutdown()
    log.info("stopping: what is under way is finished")
    if not server.drain(GRACE_SECONDS):
        log.warning("some answers were cut off")


if __name__ == "__main__":
    main()
