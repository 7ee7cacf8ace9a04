import argparse

import pytest

from agentramp.diagnostics import ConfigError, Diagnostic, Position
from agentramp.errors import SupersededError, UsageError
from agentramp.parser import Command, by_inputs, parse, spelled_out
from agentramp.verbs import (
    deploy,
    instances,
    publish_version,
    release,
    rollback,
    shift_traffic,
    simulate,
)
from agentramp.wiring import arguments


def shift(*words: str, **inputs: str) -> argparse.Namespace:
    environ = {f"AGENTRAMP_INPUT_{name.upper()}": value for name, value in inputs.items()}
    command = Command("shift-traffic", "about", "example", shift_traffic.add_arguments)
    return parse(command, list(words), environ)


def test_words() -> None:
    args = shift("agent", "--version", "2", "--weight", "10", "--dry-run")
    assert (args.path, args.version, args.weight, args.dry_run) == ("agent", 2, 10, True)
    assert (args.platform, args.endpoint, args.output) == ("agentrun", None, "text")


def test_inputs_of_a_workflow() -> None:
    args = shift(path="agent", version="2", weight="10", dry_run="true", platform="local")
    assert (args.path, args.version, args.weight, args.dry_run) == ("agent", 2, 10, True)
    assert args.platform == "local"


def test_an_empty_input_was_not_given() -> None:
    args = shift(version="2", weight="10", endpoint="", dry_run="false", path=" ")
    assert (args.endpoint, args.dry_run, args.path) == (None, False, ".")


def test_the_command_line_wins() -> None:
    args = shift("here", "--weight", "30", path="there", version="2", weight="10")
    assert (args.path, args.weight, args.version) == ("here", 30, 2)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"version": "2", "weight": "0.2"}, "input weight: '0.2' is not a whole percent"),
        ({"version": "two", "weight": "2"}, "input version: 'two' is not a version"),
        ({"version": "2", "weight": "2", "dry_run": "yes"}, "input dry-run: 'yes' is neither"),
        ({"version": "2", "weight": "2", "platform": "aws"}, "input platform: invalid choice"),
    ],
)
def test_a_wrong_input_is_told_by_its_own_name(inputs: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as told:
        shift(**inputs)
    assert said in str(told.value)


@pytest.mark.parametrize("weight", ["-1", "101", "1e1", "", "٣", "10%"])
def test_weights_that_are_none(weight: str) -> None:
    with pytest.raises(UsageError, match="argument --weight"):
        shift("--version", "1", f"--weight={weight}")


@pytest.mark.parametrize("version", ["0", "-1", "1.0", "v1", "LATEST", "²"])
def test_versions_that_are_none(version: str) -> None:
    with pytest.raises(UsageError, match="argument --version"):
        shift(f"--version={version}", "--weight", "1")


@pytest.mark.parametrize("name", ["../../evil", "_runtime", "a/b", "", "a" * 65, "ä"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError, match="no name for an endpoint"):
        shift("--version", "1", "--weight", "1", f"--endpoint={name}")


def test_the_next_command_goes_to_the_same_place() -> None:
    args = shift(
        *("agent dir", "--version", "2", "--weight", "10", "--platform", "local"),
        *("--endpoint", "staging", "--resource", "one"),
    )
    assert arguments.again(args, "shift-traffic", "--weight=30") == (
        "agentramp shift-traffic 'agent dir' --resource=one --platform=local --endpoint=staging"
        " --weight=30"
    )
    assert arguments.again(args, "deploy") == (
        "agentramp deploy 'agent dir' --resource=one --platform=local"
    )


def test_no_abbreviations() -> None:
    with pytest.raises(UsageError, match="--vers"):
        parse(Command("rollback", "", "", rollback.add_arguments), ["--vers", "1"], {})


def test_help_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        shift("--help", weight="nonsense")
    assert ended.value.code == 0
    assert "--weight" in capsys.readouterr().out


def test_a_step_of_a_workflow_is_said_again_on_a_command_line() -> None:
    command = Command("shift-traffic", "", "", shift_traffic.add_arguments)
    inputs = {"PATH": "agent", "VERSION": "2", "WEIGHT": "10", "DRY_RUN": "true", "REGION": ""}
    environ = {f"AGENTRAMP_INPUT_{name}": value for name, value in inputs.items()}
    words = spelled_out(command, [], environ)
    assert words == ["agent", "--dry-run", "--version=2", "--weight=10"]
    assert parse(command, words, {}) == parse(command, [], environ)


def test_a_package_of_the_runner_is_built_again_where_its_digest_holds_it() -> None:
    command = Command("deploy", "", "", deploy.add_arguments)
    zip_of = {"AGENTRAMP_INPUT_ARTIFACT": "/runner/agent.zip"}
    assert spelled_out(command, [], zip_of) == ["--artifact=/runner/agent.zip"]
    held = {**zip_of, "AGENTRAMP_INPUT_ARTIFACT_DIGEST": "a" * 64}
    assert spelled_out(command, [], held) == [f"--artifact-digest={'a' * 64}"]


def test_a_missing_input_is_told_by_its_own_name() -> None:
    with pytest.raises(UsageError, match="inputs are required: version"):
        shift(weight="10")
    with pytest.raises(UsageError, match="arguments are required: --version"):
        shift("--weight", "10")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
    ],
)
def test_booleans_are_those_of_yaml(said: str, *, meant: bool) -> None:
    assert shift(version="2", weight="2", dry_run=said).dry_run is meant


def test_a_list_is_parted_by_commas_or_blanks() -> None:
    command = Command("simulate", "about", "example", simulate.add_arguments)
    environ = {"AGENTRAMP_INPUT_REGRESSION": "0.01, 0.05 0.1", "AGENTRAMP_INPUT_BUDGET": "errors=1"}
    args = parse(command, [], environ)
    assert (args.regression, args.budget) == ([0.01, 0.05, 0.1], ["errors=1"])
    with pytest.raises(UsageError, match="input regression: 'nan' is no number"):
        parse(command, [], {"AGENTRAMP_INPUT_REGRESSION": "0.1,nan"})


def test_an_error_of_the_verb_names_the_input_too() -> None:
    command = Command("simulate", "about", "example", simulate.add_arguments)
    error = UsageError("--runs 0 is not 1 to 100")
    by_inputs(command, error, {})
    assert error.message == "--runs 0 is not 1 to 100"
    by_inputs(command, error, {"AGENTRAMP_INPUT_RUNS": "0"})
    assert error.message == "input runs 0 is not 1 to 100"


def test_an_error_of_any_kind_names_the_input_and_what_it_quotes_stays() -> None:
    command = Command("publish-version", "", "", publish_version.add_arguments)
    error = SupersededError(
        "another package than --artifact-digest:\npip: try --artifact-digest",
        advice="name it with --artifact-digest (see: agentramp status --resource a), or leave out"
        " --resource; see --help, or run: agentramp deploy --resource a",
    )
    by_inputs(command, error, {"AGENTRAMP_INPUT_PATH": "."})
    assert str(error) == "another package than input artifact-digest:\npip: try --artifact-digest"
    assert error.advice == (
        "name it with the input artifact-digest (see: agentramp status --resource a), or leave out"
        " the input resource; see --help, or run: agentramp deploy --resource a"
    )


def test_a_fault_in_a_file_names_the_input_too() -> None:
    command = Command("deploy", "", "", deploy.add_arguments)
    where = Position("s.yaml", 1, 1)
    error = ConfigError([Diagnostic(where, "extend", "cannot be used with --env", "exclusive")])
    by_inputs(command, error, {"AGENTRAMP_INPUT_ENV": "prod"})
    assert [str(one) for one in error.diagnostics] == [
        "s.yaml:1:1: extend: cannot be used with input env [exclusive]"
    ]


def test_what_only_writes_on_github_is_left_out_wherever_it_was_said() -> None:
    command = Command("release", "", "", release.add_arguments)
    environ = {"AGENTRAMP_INPUT_ENDPOINT": "staging", "AGENTRAMP_INPUT_COMMENT": "true"}
    typed = ["agent", "--github-environment", "production", "--comment", "--dry-run"]
    left = ["--endpoint=staging", "agent", "--dry-run"]
    assert spelled_out(command, typed, environ) == left
    typed = ["agent", "--github-environment=production", "--dry-run", "--comment"]
    assert spelled_out(command, typed, environ) == left
    words = ["exec", "--", "x", "--comment"]
    assert spelled_out(Command("instances", "", "", instances.add_arguments), words, {}) == words


@pytest.mark.parametrize(
    "address",
    ["https://x:t0k3n@git.example/a.git", "https://t0k3n@git.example/a", "ssh://me:t0k3n@h/a"],
)
def test_a_login_in_an_address_is_refused_and_not_shown(address: str) -> None:
    command = Command("release", "", "", release.add_arguments)
    for words, environ in (
        ([f"--remote={address}"], {}),
        ([], {"AGENTRAMP_INPUT_REMOTE": address}),
    ):
        with pytest.raises(UsageError, match="remote: an address with a login") as caught:
            parse(command, words, environ)
        assert "t0k3n" not in f"{caught.value} {caught.value.advice}"
    for fine in ("origin", "git@git.example:a.git", "ssh://git@git.example/a", "../a@b:c.git"):
        assert parse(command, [f"--remote={fine}"], {}).remote == fine
