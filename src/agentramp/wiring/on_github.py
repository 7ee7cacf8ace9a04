"""Has GitHub told of something, within a time that a release can spare."""

import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from agentramp.bookkeeping.client import Client, Repository
from agentramp.bookkeeping.github import GitHub
from agentramp.bookkeeping.patience import BUDGET, Patience
from agentramp.bookkeeping.port import Bookkeeper, BookkeepingError
from agentramp.wiring.context import Context

Task: TypeAlias = Callable[[Bookkeeper], bool]

API: Final = "https://api.github.com"
_MARGIN: Final = 1.1
"""Times the budget: then a request that cannot be ended is left behind."""


def carry_out(context: Context, tasks: Sequence[Task], budget: float = BUDGET) -> None:
    """Raises BookkeepingError with all that could not be written."""
    if not tasks:
        return
    repository = _repository(context)
    context.mask(repository.token)
    patience = Patience(context.clock, context.sleep, context.jitter, budget)
    client = Client(repository, patience)
    told: list[str] = []
    failures: list[BookkeepingError] = []
    books = GitHub(client, context.environ.get("GITHUB_RUN_ID"), told.append)

    def work() -> None:
        try:
            failures.extend(_failures(books, tasks))
        finally:
            client.close()

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
        return BookkeepingError(f"{type(error).__name__}, which is a bug of agentramp")
    return None
