"""What a deploy sends up: built here or given, and held to one digest."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from agentramp import package
from agentramp.errors import UsageError
from agentramp.model import Artifact
from agentramp.package.manifest import read_manifest, to_json
from agentramp.report.result import Result
from agentramp.verbs import deploy
from agentramp.wiring.packaging import going_up, packaged
from agentramp.wiring.project import configured
from agentramp.wiring.variables import with_variables
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


@pytest.mark.parametrize(
    ("target", "dependencies", "fits"),
    [
        ("this machine's nodejs", ("sharp==1",), True),
        ("nodejs20 on linux x86_64, glibc 2.28", (), True),
        ("nodejs20 on linux x86_64, glibc 2.28", ("sharp==1",), False),
        ("this machine's python", (), False),
    ],
)
def test_a_zip_for_another_machine_or_language_is_refused_by_its_manifest(
    tmp_path: Path, built: Artifact, target: str, dependencies: tuple[str, ...], *, fits: bool
) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    beside = package.manifest_path(built.path)
    made = read_manifest(package.manifest_path(tmp_path / "elsewhere/.agentramp/shop-local.zip"))
    assert made
    beside.write_text(to_json(replace(made, dependencies=dependencies, target=target)))
    if fits:
        assert goes_up(here, "--artifact", str(built.path)) == (built, "")
        return
    with pytest.raises(UsageError, match=f"built for {target}, and this deploys to this machine"):
        goes_up(here, "--artifact", str(built.path))


@pytest.mark.parametrize(
    ("files", "command", "said"),
    [
        ((), "[node, app.js]", "has nothing in it"),
        (("code/",), "[node, app.js]", "has nothing in it"),
        (("index.js",), "[node, app.js]", "has no app.js, which the start command"),
        (("code/app.js",), "[node, ./app.js]", "has no app.js"),
        (("app.js",), "[/usr/bin/node, /code/dist/app.js]", "has no dist/app.js"),
        (("app.js",), "[./start.sh]", "has no start.sh"),
        (("app.py",), "[npm, start]", "holds no code of nodejs20"),
        (("app.js",), "[node, app.js]", None),
        (("app.js",), "[sh, -c, 'node index.js']", None),
        (("lib/app.js",), "[node, --require, ./x.js, lib/app.js]", None),
        (("dist/app.js",), "[node, /code/dist/app.js]", None),
    ],
)
def test_a_zip_that_no_agent_can_start_from_is_refused(
    tmp_path: Path, files: tuple[str, ...], command: str, said: str | None
) -> None:
    here = lay_out(tmp_path, agent(CODE.replace("[node, app.js]", command)))
    given = here / "given.zip"
    with ZipFile(given, "w") as zipped:
        for name in files:
            zipped.writestr(name, "")
    if said is None:
        assert goes_up(here, "--artifact", str(given))[0]
        return
    with pytest.raises(UsageError, match=f"artifact given.zip {re.escape(said)}"):
        goes_up(here, "--artifact", str(given))


def test_a_program_with_a_zip_behind_it_is_none(tmp_path: Path, built: Artifact) -> None:
    here = lay_out(tmp_path / "here", agent(CODE))
    both = here / "both.zip"
    both.write_bytes(b"#!/bin/sh\nexit 0\n" + built.path.read_bytes())
    with pytest.raises(UsageError, match="begins with something else than a zip does"):
        goes_up(here, "--artifact", str(both))


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


SPY = """\
import os
from pathlib import Path
from zipfile import ZipFile

TOLD = {{
    "METADATA": "Metadata-Version: 2.1\\nName: spy\\nVersion: 1\\n",
    "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "RECORD": "",
}}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    Path({seen!r}).write_text("\\n".join(os.environ))
    with ZipFile(Path(folder, "spy-1-py3-none-any.whl"), "w") as wheel:
        for name, text in TOLD.items():
            wheel.writestr(f"spy-1.dist-info/{{name}}", text)
    return "spy-1-py3-none-any.whl"
"""
PYTHON = CODE.replace("nodejs20", "python3.12").replace("node, app.js", "python3, app.py")


def test_the_code_that_builds_a_requirement_sees_no_secret(tmp_path: Path) -> None:
    here, seen = lay_out(tmp_path / "here", agent(PYTHON)), tmp_path / "seen"
    spy = here / "code" / "spy"
    spy.mkdir()
    (spy / "backend.py").write_text(SPY.format(seen=str(seen)))
    (spy / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "spy"\nversion = "1"\n'
    )
    asked = "--no-binary spy\n./spy\n# ${INDEX_TOKEN} opens an index\n"
    (here / "code" / "requirements.txt").write_text(asked)
    handed = {"MODEL_API_KEY": "a", "INDEX_TOKEN": "b"}
    secrets = {"GITHUB_TOKEN": "c", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "d", "AccessKeySecret": "e"}
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ = {**plain, **secrets, "AGENT_OWN": "f"}
    outside = with_variables(replace(context(here), environ=environ), handed)
    args = arguments("deploy", str(here), "--platform", "local")
    assert packaged(args, outside, *configured(args, outside))
    found = set(seen.read_text().splitlines())
    assert found & {*handed, *secrets, "AGENT_OWN"} == {"INDEX_TOKEN", "AGENT_OWN"}


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
