"""What a deploy sends up: built here or given, and held to one digest."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agentramp import package
from agentramp.errors import UsageError
from agentramp.model import Artifact
from agentramp.package.manifest import read_manifest, to_json
from agentramp.report.result import Result
from agentramp.verbs import deploy
from agentramp.wiring.packaging import going_up
from agentramp.wiring.project import configured
from tests.verbs.scene import arguments, context

HEAD = "edition: 3.0.0\nname: shop\naccess: default\nresources:\n"
AGENT = """\
  {name}:
    component: agentrun
    props:
      region: cn-hangzhou
      agent:
        name: {name}
{what}
        cpu: 0.5
        memory: 512
        port: 9000
"""
CODE = """\
        code:
          src: ./code
          language: nodejs20
          command: [node, app.js]"""
STORED = """\
        code:
          ossBucketName: packages
          ossObjectName: shop.zip
          language: nodejs20
          command: [node, app.js]"""
IMAGE = """\
        customContainerConfig:
          image: {image}"""
ONE, OTHER = "1" * 64, "0" * 64
REPOSITORY = "registry.example.com/acme/shop"


def agent(what: str, name: str = "shop") -> str:
    return AGENT.format(name=name, what=what)


def lay_out(folder: Path, *agents: str) -> Path:
    (folder / "code").mkdir(parents=True, exist_ok=True)
    (folder / "code" / "app.js").write_text("// serves\n")
    (folder / "s.yaml").write_text(HEAD + "".join(agents))
    return folder


def goes_up(folder: Path, *words: str) -> tuple[Artifact | None, str]:
    """With what was said meanwhile."""
    outside = context(folder)
    args = arguments("deploy", str(folder), "--platform", "local", *words)
    artifact = going_up(args, outside, *configured(args, outside))
    return artifact, outside.console.stream.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def built(tmp_path: Path) -> Artifact:
    """The zip that another machine's build made; nothing else of that machine is here."""
    artifact, _ = goes_up(lay_out(tmp_path / "elsewhere", agent(CODE)))
    assert artifact
    handed = tmp_path / "handed over.zip"
    shutil.copy(artifact.path, handed)
    return replace(artifact, path=handed)


def test_a_given_zip_goes_up_and_nothing_is_built(tmp_path: Path, built: Artifact) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    (here / "code" / "app.js").write_text("// changed since\n")
    words = ("--artifact", str(built.path), "--artifact-digest", f"sha256:{built.sha256}")
    assert goes_up(here, *words)[0] == built
    assert not (here / ".agentramp").exists()


def test_what_is_built_must_have_the_digest_that_was_asked_for(
    tmp_path: Path, built: Artifact
) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    again, _ = goes_up(here, "--artifact-digest", built.sha256)
    assert again
    assert again.sha256 == built.sha256
    (here / "code" / "app.js").write_text("// changed since\n")
    with pytest.raises(UsageError, match=r"the package shop-local\.zip is sha256:") as caught:
        goes_up(here, "--artifact-digest", built.sha256)
    assert f"asks for sha256:{built.sha256}" in caught.value.message
    assert "another commit" in str(caught.value.advice)


def test_a_given_zip_must_have_the_digest_that_was_asked_for(
    tmp_path: Path, built: Artifact
) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    with pytest.raises(UsageError, match=f"sha256:{OTHER}, and .* is sha256:{built.sha256}"):
        goes_up(here, "--artifact", str(built.path), "--artifact-digest", OTHER)


@pytest.mark.parametrize(
    ("name", "said"), [("gone.zip", "cannot be read: No such file"), ("s.yaml", "is no zip")]
)
def test_what_is_no_zip_is_told_before_anything_is_asked(
    tmp_path: Path, name: str, said: str
) -> None:
    here = lay_out(tmp_path, agent(CODE))
    with pytest.raises(UsageError, match=said):
        goes_up(here, "--artifact", str(here / name))


def test_a_zip_for_another_machine_is_told_by_its_manifest(tmp_path: Path, built: Artifact) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    beside = package.manifest_path(built.path)
    made = read_manifest(package.manifest_path(tmp_path / "elsewhere/.agentramp/shop-local.zip"))
    assert made
    beside.write_text(to_json(replace(made, dependencies=("sharp==1",), target="another machine")))
    artifact, said = goes_up(here, "--artifact", str(built.path))
    assert artifact == built
    assert "note: handed over.zip was built for another machine" in said
    beside.write_text(to_json(replace(made, dependencies=("sharp==1",))))
    assert goes_up(here, "--artifact", str(built.path))[1] == ""


@pytest.mark.parametrize(
    ("image", "words", "said"),
    [
        (f"{REPOSITORY}@sha256:{ONE}", ("--artifact", "s.yaml"), "artifact is a zip of code"),
        (f"{REPOSITORY}@sha256:{ONE}", ("--artifact-digest", OTHER), f"the image sha256:{ONE}"),
        (f"{REPOSITORY}:v1", ("--artifact-digest", ONE), "is named without one"),
    ],
)  # fmt: skip
def test_an_image_is_held_to_its_digest(
    tmp_path: Path, image: str, words: tuple[str, ...], said: str
) -> None:
    here = lay_out(tmp_path, agent(IMAGE.format(image=image)))
    with pytest.raises(UsageError, match=said):
        goes_up(here, *words)


def test_an_image_by_a_tag_is_told_and_one_by_its_digest_is_fine(tmp_path: Path) -> None:
    here = lay_out(tmp_path, agent(IMAGE.format(image=f"{REPOSITORY}:v1")))
    assert "warning: image registry.example.com/acme/shop:v1" in goes_up(here)[1]
    here = lay_out(tmp_path, agent(IMAGE.format(image=f"{REPOSITORY}:v1@sha256:{ONE}")))
    assert goes_up(here, "--artifact-digest", ONE) == (None, "")


@pytest.mark.parametrize("words", [("--artifact", "shop.zip"), ("--artifact-digest", ONE)])
def test_a_package_in_object_storage_is_not_ours_to_send(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    here = lay_out(tmp_path, agent(STORED))
    assert goes_up(here)[0] is None
    with pytest.raises(UsageError, match=f"{words[0][2:]} makes no sense here"):
        goes_up(here, *words)


def test_of_several_resources_the_one_that_is_meant_is_named(tmp_path: Path) -> None:
    here = lay_out(tmp_path, agent(CODE, "shop"), agent(CODE, "support"))
    args = arguments("deploy", str(here), "--platform", "local", "--artifact-digest", ONE)
    with pytest.raises(UsageError, match="are of one resource, and this deploys 2") as caught:
        deploy.run(args, context(here))
    assert "s.yaml has: shop, support" in str(caught.value.advice)


def test_a_result_tells_the_digest_of_a_package_an_image_or_nothing(built: Artifact) -> None:
    assert Result("deploy", "").artifact_digest is None
    assert Result("deploy", "", digest=ONE).artifact_digest == f"sha256:{ONE}"
    assert Result("deploy", "", artifact=built).artifact_digest == f"sha256:{built.sha256}"
