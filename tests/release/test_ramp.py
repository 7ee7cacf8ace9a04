"""A ramp as a user lives it: every verb by its command line, on the embedded platform."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentramp.judge.verdict import Decision
from agentramp.model import Split
from agentramp.record import Begun, Judged, Moved
from tests.release.plant import call
from tests.release.site import Hook, Site, listening

RAMP = """\
steps: [10, 50, 100]
bake: 0s
min-sessions: 3
certify: {margin: 0.4}
lease: 2s
evidence: {source: gateway, window: 1s, settle: 1s}
"""
SHORT = RAMP.replace("[10, 50, 100]", "[50, 100]").replace("settle", "warm-up: 0s, settle")
ALWAYS = """\
freeze:
  - {from: Mon 00:00, until: Sun 23:00}
  - {from: Sun 22:00, until: Mon 01:00}
"""
ENOUGH = 200
"""Sessions of which a tenth is evidence for a step."""

Make = Callable[..., Site]


@pytest.fixture(scope="module")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    folder = tmp_path_factory.mktemp("sites")
    made: list[Site] = []

    def make(name: str, ramp: str = RAMP) -> Site:
        made.append(Site.lay_out(folder, name, ramp))
        return made[-1]

    yield make
    if made:
        made[0].user.run("local", "stop")


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


def notified(ramp: str, *urls: str) -> str:
    return "\n".join([ramp, "notify:", *(f"  - {{url: '{url}'}}" for url in urls)])


def trial(stable: int, canary: int, weight: int) -> Split:
    return Split(stable, ((canary, weight),))


def outputs(path: Path) -> dict[str, str]:
    """What a step of a workflow would have for outputs."""
    found = re.findall(r"^([a-z-]+)<<(\w+)\n(.*?)\n\2$", path.read_text(), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


@pytest.mark.timeout(360)
def test_from_the_first_release_to_the_second_one_promoted(
    make_site: Make, hook: Hook, tmp_path: Path
) -> None:
    ramp = RAMP.replace("100]", "{weight: 100, approval: true}]")
    site = make_site("story", notified(ramp, hook.url))
    the_first_goes_to_100(site, hook)
    the_second_begins_at_10(site, hook)
    it_is_paused_and_goes_on(site)
    it_takes_a_step(site, tmp_path / "outputs")
    a_person_lets_it_have_everything(site, hook)
    then_there_is_nothing_to_do(site)


def the_first_goes_to_100(site: Site, hook: Hook) -> None:
    first = site.releases()
    assert (first["weights"], first["verdict"], first["next"]) == ({"1": 100}, "none", None)
    assert "no stable version yet, so version 1 takes it all" in first["message"]
    assert hook.events == []


def the_second_begins_at_10(site: Site, hook: Hook) -> None:
    second = site.releases()
    assert (second["weights"], second["verdict"]) == ({"1": 90, "2": 10}, "advance")
    assert second["next"] == "agentramp promote --platform=local"
    assert hook.events == ["begun"]
    again = site.does("release")
    assert (again["changed"], again["verdict"]) == (False, "hold")
    assert "version 2 is on its ramp already, at 10 %" in again["message"]

    refused = site.run("shift-traffic", "--version", "2", "--weight", "30")
    assert refused.code == 6
    assert "a ramp of version 2 is in progress" in refused.err

    held = site.does("promote")
    assert (held["verdict"], held["changed"], held["weights"]) == ("hold", False, again["weights"])
    assert held["message"].startswith("hold: 0 of 3 canary sessions at 10 %")
    assert hook.events == ["begun"]


def it_is_paused_and_goes_on(site: Site) -> None:
    assert site.does("pause", "--reason", "lunch")["changed"] is True
    assert site.does("pause", "--reason", "lunch")["changed"] is False
    site.is_called(ENOUGH)
    paused = site.does("promote")
    assert (paused["verdict"], paused["next"]) == ("hold", "agentramp resume --platform=local")
    assert paused["message"] == "hold: paused: lunch; resume goes on"
    assert site.does("resume")["changed"] is True
    assert site.does("resume")["changed"] is False


def it_takes_a_step(site: Site, path: Path) -> None:
    only_looks(site, "promote", {"1": 50, "2": 50})
    step = site.run("promote", GITHUB_OUTPUT=str(path))
    assert (step.code, step.document["verdict"]) == (0, "advance")
    assert step.document["canary_sessions"] >= 3
    said = outputs(path)
    assert (said["verdict"], said["weights"]) == ("advance", '{"1":50,"2":50}')
    assert said["reason"] == step.document["message"]


def a_person_lets_it_have_everything(site: Site, hook: Hook) -> None:
    site.is_called()
    waits = site.does("promote")
    assert waits["verdict"] == "hold"
    asked = "100 % waits for a person to approve it"
    assert waits["message"] == f"hold: {asked}"
    assert site.run("approve", "--weight", "50").code == 2
    assert site.does("approve")["changed"] is True
    assert site.does("approve", "--weight", "100")["changed"] is False
    last = site.does("promote")
    assert (last["verdict"], last["weights"], last["next"]) == ("advance", {"2": 100}, None)
    assert hook.events == ["begun", "advanced", "held", "promoted"]
    assert hook.told[-1]["text"].startswith("story/production: promoted: ")


def then_there_is_nothing_to_do(site: Site) -> None:
    over = site.does("promote")
    assert (over["verdict"], over["changed"]) == ("none", False)
    assert over["message"].endswith("the last one, of version 2, was promoted")
    nothing = site.does("abort")
    assert (nothing["changed"], nothing["weights"]) == (False, {"2": 100})
    assert site.does("rollback")["weights"] == {"1": 100}
    assert site.split == Split(1)


def only_looks(site: Site, verb: str, weights: dict[str, int]) -> None:
    """A dry run tells what would be and changes nothing, neither there nor in the journal."""
    before = (site.split, site.records)
    told = site.does(verb, "--dry-run")
    assert (told["dry_run"], told["changed"]) == (True, False)
    assert told["weights"] == weights
    assert (site.split, site.records) == before


@pytest.mark.timeout(360)
def test_weights_moved_by_hand_are_drift(make_site: Make, hook: Hook) -> None:
    site = make_site("drift", notified(RAMP, hook.url))
    site.releases()
    site.releases()
    site.is_moved_by_hand(trial(1, 2, 30))
    records = site.records

    drifted = site.does("promote")
    assert (drifted["verdict"], drifted["changed"]) == ("hold", False)
    what = "production serves v1 70 %, v2 30 %, and the journal says v1 90 %, v2 10 %"
    assert drifted["message"].startswith(f"drifted: {what}; ")
    assert "adopt takes it as it is" in drifted["message"]
    assert drifted["next"] == "agentramp restore --platform=local"
    assert (site.split, site.records) == (trial(1, 2, 30), records)
    assert hook.events == ["begun", "drifted"]

    only_looks(site, "restore", {"1": 90, "2": 10})
    assert site.does("restore")["weights"] == {"1": 90, "2": 10}
    assert site.split == trial(1, 2, 10)
    assert site.does("restore")["changed"] is False
    assert "at 10 %" in site.does("promote")["message"]

    site.is_moved_by_hand(trial(1, 2, 30))
    only_looks(site, "adopt", {"1": 70, "2": 30})
    assert site.does("adopt")["changed"] is True
    assert site.does("adopt")["changed"] is False
    assert "at 30 %" in site.does("promote")["message"]
    only_looks(site, "abort", {"1": 100})
    assert site.does("abort", "--reason", "it is late")["weights"] == {"1": 100}
    assert site.split == Split(1)
    assert site.does("abort")["changed"] is False
    assert site.does("release")["weights"] == {"1": 90, "2": 10}, "no evidence spoke against it"


@pytest.mark.timeout(360)
def test_a_canary_that_fails_is_rolled_back_and_needs_another_word(
    make_site: Make, hook: Hook, tmp_path: Path
) -> None:
    site = make_site("failing", notified(SHORT, hook.url))
    site.releases()
    assert site.releases(failing=100)["weights"] == {"1": 50, "2": 50}
    site.is_called()
    ended = site.run("promote", GITHUB_OUTPUT=str(tmp_path / "outputs"))
    assert ended.code == 4
    told = ended.document
    assert (told["ok"], told["verdict"], told["weights"]) == (True, "rollback", {"1": 100})
    pattern = r"rolled back: \d+ of \d+ canary sessions failed against 0 of \d+ on version 1 \(E = "
    assert re.match(pattern, told["message"])
    assert told["next"] == "agentramp history --platform=local", "what was counted"
    assert site.split == Split(1)
    said = outputs(tmp_path / "outputs")
    assert (said["verdict"], said["weights"]) == ("rollback", '{"1":100}')

    after = site.does("promote")
    assert (after["verdict"], after["changed"]) == ("none", False)
    assert after["message"].endswith("the last one, of version 2, was rolled back")
    refused = site.run("release")
    assert refused.code == 2
    assert told["message"] in refused.err
    assert refused.err.splitlines()[-1].endswith("--retry")
    assert site.split == Split(1)
    assert hook.events == ["begun", "rolled-back"]
    assert site.does("release", "--retry")["weights"] == {"1": 50, "2": 50}
    assert hook.events == ["begun", "rolled-back", "begun"]


@pytest.mark.timeout(360)
def test_a_release_while_another_version_is_on_trial(make_site: Make) -> None:
    site = make_site("busy")
    site.releases()
    site.releases()

    waits = site.releases()
    assert (waits["version"], waits["weights"]) == (3, {"1": 90, "2": 10})
    assert waits["message"] == "version 2 is on trial, so version 3 waits for its end"
    assert site.does("release")["changed"] is False
    assert site.does("abort")["weights"] == {"1": 100}
    begun = site.does("promote")
    assert (begun["verdict"], begun["weights"]) == ("advance", {"1": 90, "3": 10})

    site.configure(f"{RAMP}on-release: replace\n")
    replaced = site.releases()
    assert (replaced["version"], replaced["weights"]) == (4, {"1": 90, "4": 10})
    moves = [record.event.after for record in site.records if isinstance(record.event, Moved)]
    assert moves[-2:] == [Split(1), trial(1, 4, 10)]
    trials = [record.event.canary for record in site.records if isinstance(record.event, Begun)]
    assert trials == [2, 3, 4]

    site.configure(f"{RAMP}on-release: reject\n")
    package = site.user.project / "code" / "edition.txt"
    package.write_text("one that never gets anywhere")
    refused = site.run("release")
    assert refused.code == 6
    assert "version 4 is on trial on busy/production (10 %)" in refused.err
    assert site.versions == [4, 3, 2, 1]
    assert site.split == trial(1, 4, 10)


@pytest.mark.timeout(360)
def test_a_freeze_stops_every_advance_and_no_rollback(make_site: Make) -> None:
    site = make_site("frozen", SHORT)
    site.releases()
    site.configure(SHORT + ALWAYS)
    begun = site.releases(failing=100)
    assert (begun["verdict"], begun["weights"]) == ("hold", {"1": 100})
    assert "frozen every week until" in begun["message"]
    held = site.does("promote")
    assert (held["verdict"], held["weights"]) == ("hold", {"1": 100})
    assert held["message"].startswith("hold: frozen every week until ")
    site.configure(SHORT)
    assert site.does("promote")["weights"] == {"1": 50, "2": 50}

    site.configure(SHORT + ALWAYS)
    site.is_called()
    ended = site.run("promote")
    assert (ended.code, ended.document["verdict"]) == (4, "rollback")
    assert site.split == Split(1)
    assert site.does("release", "--retry")["weights"] == {"1": 100}
    assert site.does("rollback")["weights"] == {"1": 100}
    assert site.does("promote")["verdict"] == "none"


@pytest.mark.timeout(360)
@pytest.mark.parametrize(("failing", "code", "weights"), [(0, 0, Split(2)), (100, 4, Split(1))])
def test_a_watch_ends_by_itself(make_site: Make, failing: int, code: int, weights: Split) -> None:
    site = make_site(f"watched-{failing}", SHORT)
    site.releases()
    url = site.releases(failing=failing)["url"]
    done = threading.Event()

    def visit() -> None:
        while not done.wait(0.2):
            call(url, 10)

    visitors = threading.Thread(target=visit)
    visitors.start()
    try:
        ended = site.run("promote", "--watch", "--interval", "1s")
    finally:
        done.set()
        visitors.join()
    assert ended.code == code, ended.err
    assert ended.document["changed"] is True
    assert ended.document["weights_before"] == {"1": 50, "2": 50}
    assert ended.document["weights"] == dict_of(weights)
    assert site.split == weights
    events = [record.event for record in site.records]
    told = [event.decision for event in events if isinstance(event, Judged)]
    assert told[-1] is (Decision.ROLLBACK if failing else Decision.ADVANCE)


def dict_of(split: Split) -> dict[str, int]:
    return {str(version): weight for version, weight in split.weights}


@pytest.mark.timeout(360)
def test_a_hook_that_is_dead_only_warns(make_site: Make, hook: Hook) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{taken.getsockname()[1]}/secret"
        site = make_site("deaf", notified(SHORT, dead, hook.url))
        site.releases()
        (site.user.project / "code" / "edition.txt").write_text("the next one")
        begun = site.run("release")
    assert (begun.code, begun.document["weights"]) == (0, {"1": 50, "2": 50})
    assert "the hook at 127.0.0.1 was not told" in begun.err
    assert "secret" not in begun.err + begun.out
    assert hook.events == ["begun"], "the next hook is told all the same"


@pytest.mark.timeout(360)
def test_a_hook_is_told_of_an_abort(make_site: Make, hook: Hook) -> None:
    site = make_site("aborted", notified(SHORT, hook.url))
    site.releases()
    site.releases()
    site.does("abort", "--reason", "the answers are in French")
    site.does("abort")
    assert hook.events == ["begun", "aborted"]
    assert "the answers are in French" in hook.told[-1]["reason"]


WRONG = [
    ("release", "--endpoint", "9"),
    ("release", "--retries"),
    ("promote", "--watch", "--dry-run"),
    ("promote", "--interval", "soon"),
    ("promote", "--runtime", "agent", "--resource", "agent"),
    ("promote", "nowhere"),
    ("abort", "--reason"),
    ("rollback", "--version", "0"),
    ("rollback", "--version", "99"),
    ("rollback", "--endpoint", "elsewhere"),
    ("pause", "--journal", "git"),
    ("pause",),
    ("resume", "--endpoint", "../etc"),
    ("resume",),
    ("approve", "--weight", "0.5"),
    ("approve",),
    ("adopt", "--region", "cn-hangzhou"),
    ("adopt", "--journal", "paper"),
    ("restore", "--runtime", "../agent"),
]


@pytest.fixture(scope="module")
def settled(make_site: Make) -> Site:
    site = make_site("settled")
    site.releases()
    return site


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_makes_no_sense_ends_with_2_and_says_what_would(
    settled: Site, words: tuple[str, ...]
) -> None:
    before = settled.records
    ended = settled.run(*words)
    assert ended.code == 2, ended.err
    told = ended.document
    assert (told["ok"], told["exit_code"]) == (False, 2)
    assert told["message"]
    assert told["advice"]
    assert ended.err.splitlines()[-1].endswith(f"{told['message']}; {told['advice']}")
    assert "Traceback" not in ended.err
    assert settled.records == before


@pytest.mark.timeout(60)
def test_every_fault_of_agentramp_yaml_is_told_with_its_place(settled: Site) -> None:
    settled.configure("steps: [50, 30]\nlease: 0s\non-release: wait\n")
    ended = settled.run("promote")
    assert ended.code == 2
    places = {(fault["line"], fault["rule"]) for fault in ended.document["diagnostics"]}
    assert {line for line, _ in places} == {1, 2, 3}
    settled.configure(RAMP)
    assert settled.does("promote")["verdict"] == "none"
