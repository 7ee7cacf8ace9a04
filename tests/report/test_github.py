from agentramp.diagnostics import ConfigError, Diagnostic, Position
from agentramp.errors import UsageError
from agentramp.model import Split
from agentramp.plan import MoveTraffic, Plan, Subject
from agentramp.platform.port import PlatformError
from agentramp.report import github
from agentramp.report.result import Answer, Failure, Result

MOVE = MoveTraffic("rt", "ep", "production", Split(1), Split(1, ((2, 10),)))
BACK = MoveTraffic("rt", "ep", "production", Split(1, ((2, 10),)), Split(1))
MOVED = Result(
    verb="shift-traffic",
    message="production serves v1 90 %, v2 10 %",
    changed=True,
    runtime="agent",
    version=2,
    previous_version=1,
    endpoint="production",
    url="http://127.0.0.1:1/x",
    before=Split(1),
    after=Split(1, ((2, 10),)),
    plan=Plan("shift-traffic", Subject("agent", "production"), (MOVE,), (BACK,)),
    next="agentramp shift-traffic --version 2 --weight 30",
)


def parsed(text: str) -> dict[str, str]:
    """As the runner reads the file."""
    lines = iter(text.splitlines())
    found = {}
    for line in lines:
        name, delimiter = line.split("<<")
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def test_outputs() -> None:
    found = parsed(github.outputs(MOVED, "mark"))
    assert found.pop("result-json").startswith('{"verb": "shift-traffic"')
    assert found == {
        "changed": "true",
        "runtime": "agent",
        "version": "2",
        "previous-version": "1",
        "url": "http://127.0.0.1:1/x",
        "weights": '{"1":90,"2":10}',
        "verdict": "",
        "reason": "production serves v1 90 %, v2 10 %",
        "artifact-path": "",
        "artifact-digest": "",
    }


ANSWER = Answer(
    verb="verify",
    message="endpoint production answers: 200",
    lines=("  Hello ``` there",),
    fields=(("runtime", '"agent"'), ("url", '"http://127.0.0.1:1/x"'), ("status", "200")),
)


def test_outputs_of_an_answer() -> None:
    found = parsed(github.answer_outputs(ANSWER, "mark"))
    assert found.pop("result-json").startswith('{"verb": "verify"')
    assert found == {
        "changed": "false",
        "runtime": "agent",
        "url": "http://127.0.0.1:1/x",
        "reason": "endpoint production answers: 200",
    }


def test_a_field_that_is_no_text_stands_in_the_json_alone() -> None:
    answer = Answer("status", "it stands", (), (("runtime", '{"name": "agent"}'),))
    found = parsed(github.answer_outputs(answer, "mark"))
    assert set(found) == {"changed", "reason", "result-json"}
    assert '"runtime": {"name": "agent"}' in found["result-json"]


def test_the_summary_of_an_answer() -> None:
    told = github.answer_summary(ANSWER, "agentramp verify")
    assert told.startswith("### verify: done\n\nendpoint production answers: 200\n")
    assert told.count("```") == 2, "what an agent says ends no fence"
    assert told.endswith("The same on a laptop: `agentramp verify`\n\n")


def test_a_value_with_newlines_stays_one_value() -> None:
    result = Result("deploy", "one\nversion<<x\n7\nx")
    assert parsed(github.outputs(result, "unguessable"))["version"] == ""


def test_the_summary_shows_before_and_after_and_the_way_back() -> None:
    assert github.summary(MOVED, "agentramp shift-traffic") == (
        "### shift-traffic: changed\n"
        "\n"
        "production serves v1 90 %, v2 10 %\n"
        "\n"
        "| what | value |\n"
        "|---|---|\n"
        "| runtime | agent |\n"
        "| version | 2 |\n"
        "| before | v1 100 % |\n"
        "| after | v1 90 %, v2 10 % |\n"
        "| url | http://127.0.0.1:1/x |\n"
        "\n"
        "```text\n"
        "  will   move production: v1 100 % -> v1 90 %, v2 10 %\n"
        "  back   move production: v1 90 %, v2 10 % -> v1 100 %\n"
        "```\n"
        "\n"
        "Next: `agentramp shift-traffic --version 2 --weight 30`\n"
        "\n"
        "The same on a laptop: `agentramp shift-traffic`\n"
        "\n"
    )


def test_a_users_text_cannot_break_the_table() -> None:
    told = github.summary(Result("deploy", "a | b `c` <img> \n# d"), "agentramp deploy")
    assert "a \\| b \\`c\\` &lt;img>  # d" in told


def faults(count: int) -> Failure:
    found = [
        Diagnostic(Position("s.yaml", line, 3), "props.x", "100 % wrong,\nreally", "range")
        for line in range(1, count + 1)
    ]
    return Failure("validate", ConfigError(found), "agentramp validate")


def test_annotations_are_escaped() -> None:
    (line,) = github.annotations(faults(1))
    assert line == (
        "::error file=s.yaml,line=1,col=3,title=range::props.x: 100 %25 wrong,%0Areally"
    )


def test_ten_faults_are_ten_annotations() -> None:
    assert len(list(github.annotations(faults(10)))) == 10


def test_of_more_faults_the_tenth_annotation_tells_the_count() -> None:
    lines = list(github.annotations(faults(25)))
    assert len(lines) == 10
    assert "s.yaml has 25 faults" in lines[-1]


def test_other_failures_are_one_annotation_with_the_fix() -> None:
    failure = Failure("deploy", UsageError("no such thing", advice="do this"), "agentramp deploy")
    assert list(github.annotations(failure)) == [
        "::error title=agentramp deploy::no such thing; do this"
    ]


def test_the_summary_of_a_failure() -> None:
    error = PlatformError("it says no", code="Forbidden", request_id="r-1", advice="ask for it")
    told = github.failure_summary(Failure("deploy", error, "agentramp deploy agent"))
    assert "### deploy: failed (exit 3)" in told
    assert "it says no (Forbidden, request id r-1)" in told
    assert "**What to do:** ask for it" in told
    assert "`agentramp deploy agent`" in told
