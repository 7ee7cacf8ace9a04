import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp.preflight.finding import Failed, Finding, Passed, Skipped
from agentramp.preflight.machine import SKEW, Machine
from tests.evidence.servers import Received, Said, serving


def named(machine: Machine, service: str | None) -> dict[str, Finding]:
    return {one.name: one for one in machine.findings(service)}


def machine(home: Path, **environ: str) -> Machine:
    return Machine({"PATH": "/nowhere", **environ}, home, time.time)


def answering(_: Received) -> Said:
    return Said(404, b"{}")


def test_a_machine_without_git(tmp_path: Path) -> None:
    found = named(machine(tmp_path), None)
    assert isinstance(found["git"], Failed)
    assert isinstance(found["docker"], Skipped)
    assert isinstance(found["Python"], Passed)
    assert isinstance(found["platform"], Skipped)


def test_a_platform_that_answers_and_one_that_does_not(tmp_path: Path) -> None:
    with serving(answering) as site:
        found = named(machine(tmp_path), site.url)
        assert isinstance(found["platform"], Passed)
        assert isinstance(found["clock"], Passed)
        url = site.url
    found = named(machine(tmp_path), url)
    assert isinstance(found["platform"], Failed)
    assert isinstance(found["clock"], Skipped)


@pytest.mark.parametrize("off", [-SKEW - 60, SKEW + 60])
def test_a_clock_that_is_off(tmp_path: Path, off: float) -> None:
    with serving(answering) as site:
        wrong = replace(machine(tmp_path), clock=lambda: time.time() + off)
        clock = named(wrong, site.url)["clock"]
    assert isinstance(clock, Failed)
    assert ("ahead" if off > 0 else "behind") in clock.detail


def test_a_home_that_others_may_write_into(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert isinstance(named(machine(tmp_path), None)["home"], Failed)
    tmp_path.chmod(0o700)
    assert isinstance(named(machine(tmp_path), None)["home"], Passed)
    assert isinstance(named(machine(tmp_path / "none"), None)["home"], Passed)


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = named(machine(tmp_path / "file" / "home"), None)["home"]
    assert isinstance(found, Failed)
    assert str(tmp_path / "file") in found.detail
    assert "AGENTRAMP_HOME" in found.fix
