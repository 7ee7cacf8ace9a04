import contextlib
import itertools
from collections.abc import Callable, Iterator

import pytest

from agentramp.gates.chat import Chat
from tests.gates.chat_agent import Agent, running


@pytest.fixture
def run_agent() -> Iterator[Callable[[Agent], Agent]]:
    with contextlib.ExitStack() as stack:
        yield lambda agent: stack.enter_context(running(agent))


@pytest.fixture
def chat() -> Chat:
    numbers = itertools.count()
    return Chat(lambda: f"session-{next(numbers)}", timeout=10)
