"""A body that is read while it is sent."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from agentramp.exchange import ExchangeError, Letter, post
from agentramp.platform.blocklet.upload import Upload
from tests.blocklet.server import BlockletServer, blocklet_server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.tgz"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def upload(file: Path, told: list[tuple[int, int]], clock: Iterator[float] | None = None) -> Upload:
    return Upload(
        file,
        {"query": "q"},
        boundary="BOUND",
        tell=lambda done, total: told.append((done, total)),
        seconds=5.0,
        clock=lambda: 0.0 if clock is None else next(clock),
    )


def test_the_parts_come_in_order_and_their_length_is_known(file: Path) -> None:
    told: list[tuple[int, int]] = []
    with upload(file, told) as body:
        whole = b"".join(body)
        assert len(whole) == len(body)
    head, content, tail = whole.partition(file.read_bytes())
    assert head.startswith(b'--BOUND\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{')
    assert b'name="map"\r\n\r\n{"file0":["variables.file"]}\r\n--BOUND\r\n' in head
    assert head.endswith(b'filename="a.tgz"\r\nContent-Type: application/octet-stream\r\n\r\n')
    assert content
    assert tail == b"\r\n--BOUND--\r\n"
    assert told[-1] == (len(whole), len(whole))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_line_that_takes_it_too_slowly_is_given_up(file: Path) -> None:
    with blocklet_server() as server, upload(file, [], count(0.0, 2.0)) as body:
        with pytest.raises(ExchangeError):
            post(Letter(server.url, body), timeout=30.0)
        assert untouched(server)


def untouched(server: BlockletServer) -> bool:
    return not server.operations
