"""Writes docs/reference/actions.md from the action.yml files: python -m tests.actions.tables."""

from collections.abc import Iterator
from pathlib import Path

from tests.actions.definition import ROOT, Action, every_action

PAGE = ROOT / "docs" / "reference" / "actions.md"
PREFACE = """\
# The actions

<!-- Made from the action.yml files by `make docs`; a test fails when it is out of date. -->

Each action is one verb of the command line, with the same names for the same things. They are
composite actions of bash and Python: they use no other action, need Python 3.10 or newer and run
on Linux and macOS runners.

- **Set-up.** The first step of a job makes a private environment under `RUNNER_TEMP` from
  hash-locked requirements, with `uv` where it is on `PATH` (about a second) and `pip` otherwise;
  later steps find it. Your Python, `PATH` and checkout stay as they are. `setup` does this alone,
  and tells the path of the private `agentramp` for steps of your own.
- **Credentials** are never inputs, and no key is needed: give the job `id-token: write`, and put
  `ALIBABA_CLOUD_ROLE_ARN` and `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` into the `env:` of the step or of
  the job ([how](../how-to/credentials.md)). A key in `ALIBABA_CLOUD_ACCESS_KEY_ID` and
  `ALIBABA_CLOUD_ACCESS_KEY_SECRET` (and `ALIBABA_CLOUD_SECURITY_TOKEN`) works too, with a warning
  where it is a long-lived one.
- **Permissions.** A job needs `contents: read` for its checkout, and `contents: write` where it
  moves traffic: the journal is a ref of the repository, pushed with the login that the checkout
  left. With `persist-credentials: false` there is none, and such a step ends with exit code 3
  before it moves anything. `journal: file` needs no permission, and forgets with the runner;
  without a checkout it has to be said, or such a step ends with exit code 2.
- **An input that is empty** counts as not given. Booleans are those of YAML 1.2: `true`, `True`,
  `TRUE` and `false`, `False`, `FALSE`. A list is parted by commas. An input is one line of at most
  4,096 characters; line ends and control characters are refused, and a name or a path has no sign
  of a shell. Whatever is refused ends with exit code 2 and the input's name.
- **Secrets** are masked in the log before anything else is said: keys, tokens, what is lent for
  the job, and of `AGENTRAMP_VARIABLES` what can be one ([which](workflows.md#what-is-masked)). They
  stand on no command line and in no file of the workspace.
- **A step that fails** ends with the exit code of the command line ([exit codes](exit-codes.md)):
  its last line says why and what to do, and faults of `s.yaml` are annotations at their lines.
- **A ramp** is begun by `release` and goes on by `promote` from a schedule
  ([how to](../how-to/ramp-from-a-schedule.md)).
- **Between jobs** pass outputs; a package is the same bytes wherever it is built, so a later job
  may build it again and compare `artifact-digest`.
"""
EXAMPLE = """\
## A release

```yaml
permissions: {}
jobs:
  release:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    environment: production # the role is bound to it
    concurrency: # the reusable workflows' group: their ticks and rollbacks wait for it too
      group: agentramp-production-.--
      cancel-in-progress: false
      queue: max # the default forgets all but the latest that waits
    permissions:
      contents: write # the journal is a ref of this repository
      id-token: write # lets the job ask for an identity token: there is no key
    env:
      ALIBABA_CLOUD_ROLE_ARN: acs:ram::1234567890123456:role/agentramp
      ALIBABA_CLOUD_OIDC_PROVIDER_ARN: acs:ram::1234567890123456:oidc-provider/github
    steps:
      - uses: actions/checkout@v7
      - uses: agentramp/agentramp@v0
```

In earnest, name both by the full commit id of the release you checked.

- The first release of an endpoint needs `weight: 100`: there is no stable version yet that could
  take the other sessions. With less the version is published, and the shift ends with exit code 2.
- With `dry-run: true` it ends with the plan of `deploy`. The version that would follow does not
  exist yet, so nothing can be said about it.
"""


def page() -> str:
    whole, *verbs = every_action()
    sections = [
        PREFACE,
        EXAMPLE,
        "\n".join(section(whole)),
        *("\n".join(section(v)) for v in verbs),
    ]
    return "\n".join(sections)


def section(action: Action) -> Iterator[str]:
    yield f"## `{action.uses}`"
    yield ""
    yield action.description
    yield ""
    yield from inputs(action)
    yield "| output | meaning |"
    yield "|---|---|"
    for name, output in action.outputs.items():
        yield f"| `{name}` | {cell(output.description)} |"
    yield ""


def inputs(action: Action) -> Iterator[str]:
    if not action.inputs:
        yield "It has no inputs."
        yield ""
        return
    yield "| input | meaning | default |"
    yield "|---|---|---|"
    for name, one in action.inputs.items():
        default = "**required**" if one.required else f"`{one.default}`" if one.default else "empty"
        yield f"| `{name}` | {cell(one.description)} | {default} |"
    yield ""


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def write(file: Path = PAGE) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page())


if __name__ == "__main__":
    write()
