"""From arguments to the file and the runtimes that are meant."""

import argparse
from pathlib import Path

import pytest

from agentramp.config import outputs_of
from agentramp.diagnostics import ConfigError
from agentramp.errors import UsageError
from agentramp.model import Runtime, RuntimeSpec
from agentramp.wiring.project import configured, every, file_of
from tests.verbs.scene import context

OK = Path(__file__).parents[1] / "data" / "config" / "ok"


def named(path: Path | str, **more: str | None) -> argparse.Namespace:
    return argparse.Namespace(path=str(path), **{"resource": None, **more})


@pytest.mark.parametrize(
    ("path", "template", "file"),
    [
        (".", None, "."),
        ("gone/s.yaml", None, "gone/s.yaml"),
        (".", "s.prod.yaml", "s.prod.yaml"),
        ("gone/s.yaml", "s.prod.yaml", "gone/s.prod.yaml"),
        (".", "/abs/s.yaml", "/abs/s.yaml"),
        (".", "", "."),
    ],
)
def test_which_file_is_meant(path: str, template: str | None, file: str) -> None:
    assert file_of(named(path, template=template)) == Path(file)


def test_a_namespace_without_these_arguments_means_the_folder() -> None:
    assert file_of(argparse.Namespace(path="a")) == Path("a")


def test_a_template_and_an_environment_are_read(tmp_path: Path) -> None:
    args = named(OK, template="environment.yaml", env="staging")
    whole, runtime = configured(args, context(tmp_path, {}))
    assert (Path(whole.file).name, whole.access, runtime.region) == (
        "environment.yaml",
        "staging",
        "cn-beijing",
    )


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.yaml does not exist") as caught:
        every(named(OK, template="gone.yaml"), context(tmp_path, {}))
    assert not isinstance(caught.value, ConfigError)


def test_outputs_close_what_was_open(tmp_path: Path) -> None:
    args, here = named(OK, template="outputs.yaml", resource="front"), context(tmp_path, {})
    assert configured(args, here)[1].pending
    tools = outputs_of(Runtime("rt-1", RuntimeSpec("tools")), (), "cn-hangzhou")
    with pytest.raises(ConfigError, match="1 fault"):  # it has no endpoint whose url could be used
        every(args, here, outputs={"tools": tools})


def test_the_account_is_passed_on(tmp_path: Path) -> None:
    args = named(OK, template="functions.yaml")
    (runtime,) = every(args, context(tmp_path, {}), account=lambda: "42").runtimes
    assert dict(runtime.spec.environment)["ACCOUNT"] == "42"
