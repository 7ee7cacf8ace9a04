"""Has GitHub told of something, within a time that a release can spare."""

import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from agentramp.bookkeeping.client import Client, Repository
from agentramp.bookkeeping.github import GitHub
from agentramp.bookkeeping.patience import BUDGET, Patience
from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError
from agentramp.bookkeeping.recording import Run
from agentramp.errors import AgentrampError
from agentramp.wiring.context import Context

Task: TypeAlias = Callable[[Bookkeeper], bool]

API: Final = "https://api.github.com"
_MARGIN: Final = 1.1
"""Times the budget: then a request that cannot be ended is left behind."""


def carry_out(
    context: Context, tasks: Callable[[], Sequence[Task]], budget: float = BUDGET
) -> None:
    """Raises BookkeepingError with all that could not be written.

    What finds out the ``tasks`` shares their time: it may ask git, and a platform.
    """
    patience = Patience(context.clock, context.sleep, context.jitter, budget)
    told: list[str] = []
    failures: list[AgentrampError] = []

    def work() -> None:
        try:
            _write(context, tasks(), patience, told, failures)
        except AgentrampError as error:
            failures.append(error)
        except Exception as error:  # noqa: BLE001 - a bug of bookkeeping is none of the release
            failures.append(_bug(error))

    # A name that is not resolved and a head that drips have no time limit of their own.
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(budget * _MARGIN)
    for line in told:
        context.console.say(line)
    if worker.is_alive():
        raise patience.over()
    if failures:
        said = dict.fromkeys(error.message for error in failures)
        raise BookkeepingError("; ".join(said), advice=failures[0].advice)


def _write(
    context: Context,
    tasks: Sequence[Task],
    patience: Patience,
    told: list[str],
    failures: list[AgentrampError],
) -> None:
    if not tasks:
        return
    repository = _repository(context)
    context.mask(repository.token)
    client = Client(repository, patience)
    books = GitHub(client, _run(context), told.append, context.hide)
    try:
        failures.extend(_failures(books, tasks))
    finally:
        client.close()


def _run(context: Context) -> Run | None:
    number = context.environ.get("GITHUB_RUN_ID")
    return Run(number, context.environ.get("GITHUB_SHA") or None) if number else None


def _repository(context: Context) -> Repository:
    """Raises BookkeepingError where something is not set."""
    environ = context.environ
    token, name = environ.get("GITHUB_TOKEN", "").strip(), environ.get("GITHUB_REPOSITORY", "")
    missing = [
        variable
        for variable, value in (("GITHUB_TOKEN", token), ("GITHUB_REPOSITORY", name))
        if not value
    ]
    if missing:
        raise BookkeepingError(
            f"GitHub was not told: {' and '.join(missing)} not set",
            advice="an action hands the token over by itself (github-token); in a step of your own,"
            " env: GITHUB_TOKEN: ${{ github.token }}",
        )
    return Repository(environ.get("GITHUB_API_URL") or API, name, token)


def _failures(books: Bookkeeper, tasks: Sequence[Task]) -> list[BookkeepingError]:
    """One that fails keeps none of the others from being written."""
    failures = []
    for task in tasks:
        failure = _failure(books, task)
        if failure:
            failures.append(failure)
    return failures


def _failure(books: Bookkeeper, task: Task) -> BookkeepingError | None:
    try:
        task(books)
    except BookkeepingError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a bug of bookkeeping is none of the release
        return _bug(error)
    return None


def _bug(error: Exception) -> BookkeepingError:
    return BookkeepingError(
        f"GitHub was not told: {type(error).__name__}, which is a bug of agentramp"
    )
