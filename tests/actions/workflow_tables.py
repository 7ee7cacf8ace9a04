"""Writes docs/reference/workflows.md from the files: python -m tests.actions.workflow_tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.actions.definition import ROOT
from tests.actions.tables import cell

PAGE = ROOT / "docs" / "reference" / "workflows.md"
WORKFLOWS = ("release", "promote", "rollback")
ABOUT = {
    "release": "Builds the package once, signs who built it, and releases it to one environment:"
    " deploy, publish, gates, and the first step of the ramp. A second call in the same run with"
    " `artifact-digest` builds nothing and releases the same bytes to the next environment.",
    "promote": "One tick of the ramp. Where evidence speaks against the canary, stable has all"
    " traffic again and the job fails; its outputs are there for a later job with `if: always()`.",
    "rollback": "All traffic to the version that served before, or to the one named. It builds"
    " nothing. `s.yaml` is read for the runtime's name; where the commit has broken that file or"
    " the code too, say `runtime` and `region`, and neither is read.",
}
CALLS = {
    "release": """\
on:
  push:
    branches: [main]
permissions: {}
jobs:
  staging:
    permissions: {contents: write, id-token: write, attestations: write, deployments: write}
    uses: agentramp/agentramp/.github/workflows/release.yml@v0
    with:
      environment: staging
      template: s.staging.yaml
  approved: # begins when a person approves: this environment has required reviewers
    needs: staging
    runs-on: ubuntu-latest
    timeout-minutes: 5
    environment: {name: production-approval, deployment: false}
    steps:
      - run: 'true'
  production:
    needs: [staging, approved]
    permissions: {contents: write, id-token: write, attestations: write, deployments: write}
    uses: agentramp/agentramp/.github/workflows/release.yml@v0
    with:
      artifact-digest: ${{ needs.staging.outputs.artifact-digest }}
""",
    "promote": """\
on:
  schedule:
    # UTC; at the full hour everybody's runs start. In a private repository each run counts as a
    # minute: these are 2,880 a month, and '7 * * * *' is a fourth of them.
    - cron: '7,22,37,52 * * * *'
  workflow_dispatch: # a tick by hand
permissions: {}
jobs:
  promote:
    permissions: {contents: write, id-token: write, deployments: write}
    uses: agentramp/agentramp/.github/workflows/promote.yml@v0
""",
    "rollback": """\
on:
  workflow_dispatch:
    inputs:
      version:
        description: The version to go back to. Empty is the one that served before.
        default: ''
      reason:
        description: Why.
        default: ''
permissions: {}
jobs:
  rollback:
    permissions: {contents: write, id-token: write, deployments: write}
    uses: agentramp/agentramp/.github/workflows/rollback.yml@v0
    with:
      version: ${{ inputs.version }}
      reason: ${{ inputs.reason }}
""",
}
PREFACE = """\
# The reusable workflows

<!-- Made from .github/workflows by `make docs`; a test fails when it is out of date. -->

Three workflows to call: a release, the tick of a schedule, the rollback button. They are made of
[the actions](actions.md), with the permissions, the environment and the queue that these need.

- **Where they run.** They name our actions by `$/`, which is this repository at the commit that you
  called. That needs github.com and runner 2.336.0 or newer. And they need a runner of GitHub: a
  called workflow reaches self-hosted ones only where its owner, or the enterprise, is the caller's,
  and ours is another. On GitHub Enterprise Server, with an older runner or with runners of your
  own, use [the actions](actions.md) in [jobs of your
  own](../how-to/ramp-from-a-schedule.md#in-jobs-of-your-own).
- **Permissions.** A called workflow gets no more than the calling job grants, and GitHub ends the
  run before it begins where that is less than a job of ours asks for. So grant what the tables
  below say, also `attestations: write` where nothing is attested.
- **The environment** is `production` if nothing is said. The job runs in it: its branches and other
  rules hold, and the identity that the cloud sees is
  `repo:OWNER@ID/NAME@ID:environment:ENVIRONMENT`, without the ids in an older repository. Bind the
  role to that ([how](../how-to/credentials.md)). Put `ALIBABA_CLOUD_ROLE_ARN` and
  `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` into the environment's variables; there is no key.
- **Reviewers belong on an environment of their own**, as `production-approval` below. On
  `production` itself they would be asked for each tick of the schedule and for the way back, and a
  release that waits for them may hold the queue while a rollback waits behind it. To have a person
  asked in the middle of a ramp, give a step of `agentramp.yaml` `approval: true`.
- **One deployment for the whole ramp.** `deployment: false` keeps GitHub from recording one for
  each job. The action records one for the version, and each tick is a state of it.
- **One queue for an endpoint.** All three have the concurrency group
  `agentramp-<environment>-<path>-<resource>-<endpoint>`, made of the inputs as they are written:
  give all three calls the same. Nothing is cancelled, and what waits is kept in order. Your own
  workflow must not be in that group: its run would hold the group while it waits for a job that
  waits for the group, and GitHub ends such a run as a deadlock. The group is a courtesy; the
  journal is the safety, and a tick that comes second ends with `verdict: superseded`.
- **`variables`** is a secret of lines `NAME=value` for what `s.yaml` and `agentramp.yaml` read as
  `${env('NAME')}`. A called workflow has only the secrets that the caller hands over, so say
  `secrets: {variables: '${{ secrets.VARIABLES }}'}` in each call. That holds for an environment's
  secret too, though the caller cannot see it. Name it `VARIABLES` as well: the job that has the
  environment then gets the environment's, which comes before the repository's. The build has no
  environment and gets the repository's: a variable that has no value there needs a default. A
  secret that nobody hands over is empty, and GitHub says nothing; `validate` names the variable.
- **The checkout of the job that moves traffic keeps its login**, as the journal is a ref of your
  repository. It is the only job that does, and it installs nothing of yours.
- **Outputs** are scalars and one JSON object. They are there after a failure too: read them in a
  job with `if: always()`. Two habits of GitHub's are good to know. The outputs of a matrix of calls
  are those of the last successful one that set them, so do not read them. And after "Re-run failed
  jobs" an output that is empty now has the value of the earlier attempt. So the job never gives an
  empty `verdict`, and `reason` is there whenever the action ran; do not take `version` and
  `previous-version` for new where the job failed.
- **A job with nothing to do runs all the same** and says so: the build and the attestation of a
  second call, or of a container image. GitHub would otherwise skip what you have behind the call.
  So a plain `needs` is enough.

## What is masked

GitHub masks the lines of a secret as they stand, `NAME=value`. It does not know the values alone,
so agentramp masks those that can be a secret. Not masked is what is shorter than 8 characters, a
number, a boolean, or words: letters joined by `-`, `_`, `.`, `/`, `:`, blanks and the like, among
which a piece may have a few digits. Such are an agent's name, a log level, a region, a model
(`gpt-4o-mini`), an address without a login. They are not masked since GitHub drops every output of
a job that has a masked text in it, with a warning only: `FEATURE=true` would take `changed`, and
the agent's name its package. A variable whose name ends in `KEY`, `TOKEN`, `SECRET`, `PASSWORD`,
`PASSWD`, `PASSPHRASE` or `CREDENTIALS` is masked from 8 characters on, whatever it is. A passphrase
of words needs such a name.

Another secret of yours may have a word in it that stands in an output; then that output is lost.
Where it is the name or the digest of the package, `release.yml` ends with exit code 2 before
anything is changed.

## Built once, promoted by digest

`release.yml` has three jobs. *Build* has `contents: read` and nothing else, since an install runs
other people's code. *Attest* has the token that signs, and no checkout: it signs the name and the
digest that the build told, and fails where one of them did not arrive. *Release* has the
environment, takes the package of this run by its digest, and refuses with exit code 2 what has
another one. What is released twice, in staging and in production, is the same bytes: the second
call builds nothing.

Whoever has the package can ask who built it, and from which commit:
`gh attestation verify agent-agentrun.zip --repo OWNER/NAME --signer-repo agentramp/agentramp`.
Where the artifact of the run is gone, as after its retention, the release builds again and goes on
only if the digest is the same. Of a container image there is no package: `artifact-digest` is held
against the digest in `s.yaml`.
"""
PERMISSION = re.compile(r"^      ([a-z-]+): (read|write) # (.+)$")


@dataclass(frozen=True)
class Permission:
    job: str
    scope: str
    access: str
    reason: str


def file(name: str) -> Path:
    return ROOT / ".github" / "workflows" / f"{name}.yml"


def page() -> str:
    sections = ("\n".join(section(name)) for name in WORKFLOWS)
    return "\n".join([PREFACE, *sections])


def section(name: str) -> Iterator[str]:
    call = called(name)
    yield f"## `{name}.yml`"
    yield from ("", ABOUT[name], "", "```yaml", CALLS[name].rstrip(), "```")
    yield from ("", "| job | permission | why |", "|---|---|---|")
    for one in permissions(name):
        yield f"| {one.job} | `{one.scope}: {one.access}` | {cell(one.reason)} |"
    yield from ("", "| input | meaning | default |", "|---|---|---|")
    for key, one in call["inputs"].items():
        yield f"| `{key}` | {cell(one['description'])} | {default(one)} |"
    yield from ("", "| secret | meaning |", "|---|---|")
    for key, one in call["secrets"].items():
        yield f"| `{key}` | {cell(one['description'])} |"
    yield from ("", "| output | meaning |", "|---|---|")
    for key, one in call["outputs"].items():
        yield f"| `{key}` | {cell(one['description'])} |"
    yield ""


def default(one: dict[str, Any]) -> str:
    if one["type"] == "boolean":
        return f"`{str(one['default']).lower()}`"
    return f"`{one['default']}`" if one["default"] else "empty"


def called(name: str) -> dict[str, Any]:
    tree = yaml.load(file(name).read_text(), yaml.BaseLoader)  # text alone, so that `on` is a word
    call: dict[str, Any] = tree["on"]["workflow_call"]
    for one in call["inputs"].values():
        if one["type"] == "boolean":
            one["default"] = one["default"] == "true"
    return call


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file(name).read_text(), yaml.BaseLoader)["jobs"]
    return found


def permissions(name: str) -> list[Permission]:
    """In the order of the file; the comment behind each is its reason."""
    found: list[Permission] = []
    job = ""
    for line in file(name).read_text().partition("\njobs:\n")[2].splitlines():
        if head := re.fullmatch(r"  ([a-z-]+):", line):
            job = head[1]
        if one := PERMISSION.match(line):
            found.append(Permission(job, *one.groups()))
    return found


def write(page_file: Path = PAGE) -> None:
    page_file.write_text(page())


if __name__ == "__main__":
    write()
