"""What is run, and from which state."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agentramp.model import Split
from tests.faults.world import EDITED, HEAVY, LIGHT, STORE, Case

SHARED = "shared"
"""A runtime of versions 1 and 2 that some verbs move traffic on: each case on its own endpoint."""
STAGE, PRUNED = "stage", "pruned"
"""Two more, which a file describes: a case deploys its own endpoints. ``PRUNED`` has no others."""

_HEAD = """\
edition: 3.0.0
name: faults
access: default
resources:
"""
_RESOURCE = """\
  {resource}:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: {name}
        code:
          src: ../{package}
          language: python3.12
          command: [python3, -I, -S, agent.py]
        cpu: 1
        memory: {memory}
        port: 8000
        environmentVariables:
          COLOUR: {colour}
{more}
"""


def settings(
    case: Case,
    package: str = LIGHT,
    memory: int = 2048,
    colour: str = "red",
    more: str = "",
    runtime: str = "",
) -> str:
    return _HEAD + resource(case, "one", package, memory, colour, more, runtime)


def resource(  # noqa: PLR0913, PLR0917 - what stands in one file
    case: Case,
    name: str,
    package: str = LIGHT,
    memory: int = 2048,
    colour: str = "red",
    more: str = "",
    runtime: str = "",
) -> str:
    return _RESOURCE.format(
        resource=name,
        name=runtime or f"{case.name}-{name}",
        package=package,
        memory=memory,
        colour=colour,
        more="\n".join(" " * 8 + line for line in more.splitlines()),
    )


@dataclass(frozen=True)
class Scenario:
    """``begin`` brings about the start state of a case and writes its project.

    ``words`` are the run's; CASE in them stands for the case's name. ``removes`` is for verbs whose
    plan says that what is gone stays gone.
    """

    name: str
    words: tuple[str, ...]
    begin: Callable[[Case], None]
    runtimes: tuple[str, ...] = ("CASE-one",)
    only: tuple[str, ...] = field(default=())
    """The operations that faults come to; none named: all."""
    removes: bool = False
    waits: bool = False
    """The next run may hold, and say that a later tick finishes the move."""
    repeats: bool = False
    """A command in an instance: the next run does it again."""
    costly: bool = False
    """Its start state or run takes long, so not every kind of fault comes to every call."""

    def words_for(self, case: Case) -> tuple[str, ...]:
        names = (word.replace("FOLDER", str(case.folder)) for word in self.words)
        return tuple(word.replace("CASE", case.name) for word in names)

    def runtimes_of(self, case: Case) -> tuple[str, ...]:
        return tuple(name.replace("CASE", case.name) for name in self.runtimes)


# --- projects and start states -------------------------------------------------------------------


def project(case: Case, text: str) -> None:
    (case.folder / "s.yaml").write_text(text)
    # The next run waits that long for a move that may still be another run's.
    (case.folder / "agentramp.yaml").write_text("lease: 4s\n")


def nothing_yet(case: Case) -> None:
    project(case, settings(case))


def deployed(case: Case, before: str, after: str) -> None:
    """``before`` is deployed and ``after`` is what the file says now."""
    project(case, before)
    does(case, "deploy")
    project(case, after)


def does(case: Case, *words: str) -> None:
    ended = case.run(*words)
    assert ended.code == 0, ended.err


def edited(case: Case) -> None:
    deployed(case, settings(case), settings(case, package=EDITED))


def configured(case: Case) -> None:
    deployed(case, settings(case), settings(case, memory=4096, colour="blue"))


def unchanged(case: Case) -> None:
    deployed(case, settings(case), settings(case))


_CANARY = """\
endpoints:
  - name: CASE
    version: 1
    description: what users call
  - name: CASE-canary
    version: 2
    weight: 0.2
"""
_ONE = """\
endpoints:
  - name: CASE
    version: {0}
"""
_OTHER = """\
  - name: CASE-other
    version: {0}
"""


def on_stage(case: Case, before: str, after: str, runtime: str = STAGE) -> None:
    """The stage's endpoints; all else there is as the file says already."""
    for text in (before, after):
        more = text.replace("CASE", case.name)
        project(case, settings(case, runtime=runtime, more=more))
        if text is before:
            does(case, "deploy")


def canary_to_come(case: Case) -> None:
    on_stage(case, _ONE.format(1), _CANARY)


def two_to_move(case: Case) -> None:
    on_stage(case, _ONE.format(1) + _OTHER.format(1), _ONE.format(2) + _OTHER.format(2))


def one_to_prune(case: Case) -> None:
    on_stage(case, _ONE.format(1) + _OTHER.format(1), _ONE.format(2), PRUNED)


def two_resources(case: Case) -> None:
    several = resource(case, "one") + resource(case, "two", EDITED)
    project(case, _HEAD + several)


def heavy(case: Case) -> None:
    project(case, settings(case, package=HEAVY))


_ALL = """\
logConfig: auto
workspace:
  name: {name}-workspace
customDomain:
  domainName: {name}-one.example.com
  protocol: HTTP
  route:
    path: /*
"""


def all_beside(case: Case) -> None:
    project(case, settings(case, more=_ALL.format(name=case.name)))


def to_release(case: Case) -> None:
    """Version 1 serves, and the file has changed since."""
    unchanged(case)
    does(case, "publish-version")
    does(case, "shift-traffic", "--version=1", "--weight=100")
    project(case, settings(case, colour="blue"))


def released(case: Case) -> None:
    to_release(case)
    does(case, "release")


def to_remove(case: Case) -> None:
    unchanged(case)
    platform, name = case.world.platform, f"{case.name}-one"
    runtime = platform.observe(name).runtime
    assert runtime
    platform.publish_version(runtime.id, "one")
    for endpoint in ("first", "second"):
        platform.create_endpoint(runtime.id, endpoint, Split(1))


def reserved(case: Case) -> None:
    unchanged(case)
    runtime = case.world.platform.observe(f"{case.name}-one").runtime
    assert runtime
    case.world.functions.reserve(runtime.id, 7)


# --- on the shared runtime -----------------------------------------------------------------------


def on_one(case: Case) -> None:
    """The case's own endpoint serves version 1."""
    does(case, *shared("endpoints", "publish", case.name, "--target-version=1"))


def on_two(case: Case) -> None:
    on_one(case)
    does(case, *shared("shift-traffic", f"--endpoint={case.name}", "--version=2", "--weight=100"))


def alone(case: Case) -> None:
    """The shared runtime as it is."""


def shared(*words: str) -> tuple[str, ...]:
    return (*words, "--runtime", SHARED, "--region", "cn-hangzhou")


def begin_shared(case: Case) -> None:
    """Made once. Endpoints of their own keep versions running, so that no case waits for one."""
    platform = case.world.platform
    for name in (STAGE, PRUNED):
        project(case, settings(case, runtime=name))
        does(case, "deploy")
    case.world.make(SHARED, log_store=STORE)
    for name in (SHARED, STAGE, PRUNED):
        runtime = platform.observe(name).runtime
        assert runtime
        for number in (1, 2):
            platform.publish_version(runtime.id, f"edition {number}")
            if name != PRUNED:
                endpoint = "production" if number == 2 else "old"
                platform.create_endpoint(runtime.id, endpoint, Split(number))


def _on_shared(
    name: str, *words: str, begin: Callable[[Case], None] = alone, removes: bool = False
) -> Scenario:
    return Scenario(name, shared(*words), begin, (SHARED,), removes=removes)


def _own(name: str, *words: str, begin: Callable[[Case], None], **more: object) -> Scenario:
    return Scenario(name, words, begin, **more)  # type: ignore[arg-type]  # by name


_AT = "--endpoint=CASE"
DEPLOYS = (
    _own("deploy, first", "deploy", begin=nothing_yet),
    _own("deploy, code", "deploy", begin=edited),
    _own("deploy, settings", "deploy", begin=configured),
    _own("deploy, nothing", "deploy", begin=unchanged),
    _own("deploy, canary", "deploy", begin=canary_to_come, runtimes=(STAGE,)),
    _own("deploy, two endpoints", "deploy", begin=two_to_move, runtimes=(STAGE,)),
    _own(
        "deploy, prune", "deploy", "--prune", begin=one_to_prune, runtimes=(PRUNED,), removes=True
    ),
    _own("deploy, two resources", "deploy", begin=two_resources, runtimes=("CASE-one", "CASE-two")),
    _own(
        "deploy, bucket",
        "deploy",
        begin=heavy,
        only=("GetTempBucketToken", "PutObject", "CreateAgentRuntime"),
    ),
    _own("deploy, all beside", "deploy", begin=all_beside),
)
CHANGES = (
    _own("publish-version", "publish-version", begin=unchanged),
    _own("release", "release", begin=to_release, costly=True, waits=True),
    _own("promote", "promote", begin=released, costly=True),
    _own("abort", "abort", begin=released, costly=True),
    _own("remove", "remove", "--yes", begin=to_remove, removes=True),
    _own("concurrency put", "concurrency", "put", "--reserved-concurrency=5", begin=unchanged),
    _own("concurrency remove", "concurrency", "remove", "--yes", begin=reserved),
)
MOVES = (
    _on_shared(
        "shift-traffic 10", "shift-traffic", _AT, "--version=2", "--weight=10", begin=on_one
    ),
    _on_shared(
        "shift-traffic 100", "shift-traffic", _AT, "--version=2", "--weight=100", begin=on_one
    ),
    _on_shared("shift-traffic, new", "shift-traffic", _AT, "--version=2", "--weight=100"),
    _on_shared("rollback", "rollback", _AT, begin=on_two),
    _on_shared("endpoints publish, new", "endpoints", "publish", "CASE", "--target-version=2"),
    _on_shared(
        "endpoints publish",
        *("endpoints", "publish", "CASE", "--target-version=1"),
        *("--canary-version=2", "--weight=30", "--description=a trial"),
        begin=on_one,
    ),
    _on_shared(
        "endpoints remove", "endpoints", "remove", "CASE", "--yes", begin=on_one, removes=True
    ),
)
READS = (
    _on_shared("status", "status", "--endpoint=production"),
    _on_shared("versions list", "versions", "list"),
    _on_shared("endpoints get", "endpoints", "get", "production"),
    _on_shared("logs", "logs"),
    _on_shared("instances list", "instances", "list"),
    _on_shared("concurrency get", "concurrency", "get"),
    _on_shared("verify", "verify"),
    _on_shared("sync", "sync", "--target-dir=CASE-synced"),
    Scenario(
        "instances exec",
        (
            *shared("instances", "exec", "--no-stdin", "--version=2"),
            *("--", "sh", "-c", "echo hello; echo once >> FOLDER/ran"),
        ),
        alone,
        (SHARED,),
        repeats=True,
    ),
    Scenario("whoami", ("whoami",), nothing_yet, ()),
)
