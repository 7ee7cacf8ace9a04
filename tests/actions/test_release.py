import json
import re
from pathlib import Path

import pytest

from tests.actions.act import Act, Run, commit
from tests.actions.conftest import Platform

pytestmark = pytest.mark.timeout(600)
CHAIN = ("validate", "build", "deploy", "publish-version", "shift-traffic")


def say_version(consumer: Path, version: str) -> None:
    persona = consumer / "code" / "persona.py"
    text, count = re.subn(r'VERSION = "\w+"', f'VERSION = "{version}"', persona.read_text())
    assert count == 1
    persona.write_text(text)
    commit(consumer, f"Version {version}")


def assert_all_ran(run: Run, jobs: tuple[str, ...]) -> None:
    results = {job: run.result(job) for job in jobs}
    assert (run.code, results) == (0, dict.fromkeys(jobs, "success")), run.story()


def test_two_releases_and_the_way_back(act: Act, consumer: Path, platform: Platform) -> None:
    platform.start()
    say_version(consumer, "one")
    first = act(consumer, "release")
    assert_all_ran(first, CHAIN)
    assert first.result("rollback") is None
    assert first.outputs("validate")["runtime"] == "quickstart"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", first.outputs("build")["artifact-digest"])
    published, shifted = first.outputs("publish-version"), first.outputs("shift-traffic")
    assert (published["version"], published["changed"]) == ("1", "true")
    assert (shifted["version"], shifted["weights"], shifted["changed"]) == (
        "1",
        '{"1":100}',
        "true",
    )
    url = shifted["url"]
    assert platform.ask(url) == {"status": "ok", "version": "one"}

    say_version(consumer, "two")
    second = act(consumer, "release", **{"take-back": "true"})
    assert_all_ran(second, (*CHAIN, "rollback"))
    assert second.outputs("build")["artifact-digest"] != first.outputs("build")["artifact-digest"]
    shifted, back = second.outputs("shift-traffic"), second.outputs("rollback")
    assert (shifted["version"], shifted["previous-version"]) == ("2", "1")
    assert '"version": "two"' in second.printed("shift-traffic")
    assert (back["version"], back["previous-version"]) == ("1", "2")
    assert (back["weights"], back["url"]) == ('{"1":100}', url)
    assert platform.ask(url) == {"status": "ok", "version": "one"}
    assert json.loads(back["result-json"])["weights_before"] == {"2": 100}


def test_the_whole_release_in_one_action(act: Act, consumer: Path, platform: Platform) -> None:
    platform.start()
    planned = act(consumer, "whole", **{"dry-run": "True\n"})  # as a block of YAML hands it over
    assert_all_ran(planned, ("release",))
    assert "create runtime quickstart" in planned.printed("release")
    assert planned.outputs("release")["changed"] == "false"
    assert planned.outputs("release")["version"] == ""
    assert json.loads(planned.outputs("release")["result-json"])["verb"] == "deploy", "the last"

    platform.stop()
    first = act(consumer, "whole")
    assert_all_ran(first, ("release",))
    outputs = first.outputs("release")
    assert (outputs["changed"], outputs["runtime"]) == ("true", "quickstart")
    assert (outputs["version"], outputs["weights"]) == ("1", '{"1":100}')
    assert '"status": "ok"' in first.printed("release"), "asked inside the job"
    # The platform that the job started is left without its files once the job has ended.
    platform.stop()
    platform.start()

    again = act(consumer, "whole").outputs("release")
    assert (again["changed"], again["version"]) == ("false", "1")

    say_version(consumer, "two")
    trial = act(consumer, "whole", weight="30").outputs("release")
    assert (trial["version"], trial["previous-version"]) == ("2", "1")
    assert json.loads(trial["weights"]) == {"1": 70, "2": 30}
