"""Built once and released by its digest: the zip of one machine, on another."""

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.conftest import User
from tests.release.plant import edit, lay_out


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    folder = tmp_path_factory.mktemp("artifact")
    made = User(folder / "home", lay_out(folder, "agent", ""))
    yield made
    made.run("local", "stop")


def offered(document: dict[str, Any]) -> tuple[str, ...]:
    """The command that a result offers next, without what ``User.does`` says itself."""
    words = shlex.split(document["next"])
    assert words[0] == "agentramp"
    return tuple(word for word in words[1:] if word != "--platform=local")


def test_a_zip_goes_from_one_job_to_the_next_by_its_digest(user: User, tmp_path: Path) -> None:
    built = user.does("build")
    digest = built["artifact_digest"]
    zipped = Path(shutil.copy(built["artifact"]["path"], tmp_path / "agent.zip"))
    shutil.rmtree(user.project / ".agentramp")
    edit(user.project, 0)  # the checkout of the later job may even be another one

    chosen = ("--artifact", str(zipped), "--artifact-digest", digest)
    planned = user.does("release", *chosen, "--dry-run")
    assert planned["artifact_digest"] == digest
    assert {f"--artifact={zipped}", f"--artifact-digest={digest[7:]}"} <= {*offered(planned)}
    refused = user.run("deploy", *chosen[:3], "0" * 64, "--platform", "local")
    assert refused.code == 2
    assert {digest, f"sha256:{'0' * 64}"} <= {
        *refused.err.replace(",", "").replace(";", "").split()
    }
    assert user.run("status", "--platform", "local").code == 2, "nothing was deployed"

    deployed = user.does("deploy", "--artifact", str(zipped))
    assert deployed["artifact"]["path"] == str(zipped)
    again = user.does("deploy", *chosen)
    assert (again["changed"], again["artifact_digest"]) == (False, digest)
    user.does("build")  # of the checkout, which nobody deployed
    published = user.does(*offered(deployed))
    assert (published["version"], published["artifact_digest"]) == (1, digest)
    assert digest in user.run("versions", "list", "--platform", "local", "--output=json").out

    released = user.does("release", *chosen)
    assert (released["version"], released["weights"]) == (1, {"1": 100})
    assert released["artifact_digest"] == digest


def test_what_was_published_before_is_told_where_no_build_lies(user: User) -> None:
    shutil.rmtree(user.project / ".agentramp", ignore_errors=True)
    told = user.does("publish-version")
    assert told["changed"] is False
    assert told["artifact_digest"].startswith("sha256:")
