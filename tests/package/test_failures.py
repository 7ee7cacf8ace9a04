"""What uv and pip really print (recorded), and what a person is told."""

import pytest

from agentramp.package.child import Finished
from agentramp.package.errors import BuildError, RegistryError
from agentramp.package.failures import explain, hide_credentials
from agentramp.package.request import AgentRunTarget

TARGET = AgentRunTarget("python3.12")
UV = "error: No solution found when resolving dependencies\n  cause: Because "
OLD_UV = "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because "


def told(stderr: str) -> BuildError | RegistryError:
    error = explain(Finished(1, "", stderr), TARGET, {})
    assert isinstance(error, BuildError | RegistryError)
    return error


@pytest.mark.parametrize(
    ("stderr", "package"),
    [
        (
            UV + "pywin32==306 has no wheels with a matching platform tag (e.g., "
            "`manylinux_2_31_x86_64`) and you require pywin32==306, we can conclude that your "
            "requirements are unsatisfiable.",
            "pywin32==306",
        ),
        (UV + "pyyaml==5.1 has no usable wheels and you require pyyaml==5.1", "pyyaml==5.1"),
        (
            OLD_UV + "grpc-thing==1.0 has no wheels with a\n      matching Python ABI tag",
            "grpc-thing==1.0",
        ),
        (
            OLD_UV + "only pyyaml<=5.1 is available and pyyaml<=5.1 has\n      no usable wheels",
            "pyyaml<=5.1",
        ),
        (
            "ERROR: Could not find it\nERROR: No matching distribution found for PyYAML==5.1",
            "PyYAML==5.1",
        ),
        (
            "ERROR: own-1.0-cp27-cp27m-win32.whl is not a supported wheel on this platform.",
            "own-1.0-cp27-cp27m-win32.whl",
        ),
    ],
)
def test_a_package_without_a_wheel_is_named_with_the_target_and_a_way_out(
    stderr: str, package: str
) -> None:
    error = told(stderr)

    assert error.exit_code == 2
    assert f"{package} has no wheel for python3.12 on linux x86_64, glibc 2.31" in error.message
    assert all(word in error.advice for word in ("pin a version", "--find-links", "container"))


@pytest.mark.parametrize(
    ("stderr", "wanted"),
    [
        (UV + "there is no version of six==99 and you require six==99, we", "six==99"),
        (UV + "no-such-thing was not found in the package registry and you", "no-such-thing"),
    ],
)
def test_a_package_the_registry_does_not_have_is_named(stderr: str, wanted: str) -> None:
    error = told(stderr)

    assert error.exit_code == 2
    assert f"the registry has no {wanted}" in error.message


RETRY = (
    "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
    "'NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=9): Failed to establish a new "
    "connection: [Errno 111] Connection refused\")': /simple/six/\n"
    "ERROR: Could not find a version that satisfies the requirement six==1.16.0 (from versions: "
    "none)\nERROR: No matching distribution found for six==1.16.0"
)


@pytest.mark.parametrize(
    "stderr",
    [
        RETRY,
        "error: Request failed after 3 retries\n  cause: Failed to fetch: http://127.0.0.1:9/six/",
        "error: Failed to fetch: `https://registry.invalid/simple/six/`\n  Caused by: dns error",
    ],
)
def test_an_unreachable_registry_is_no_fault_of_the_requirements(stderr: str) -> None:
    error = told(stderr)

    assert error.exit_code == 3
    assert "could not be reached" in error.message


def test_refused_credentials_are_told_from_an_unreachable_registry() -> None:
    error = told("ERROR: HTTP error 401 Client Error: Unauthorized for url: https://r.invalid/")

    assert error.exit_code == 3
    assert "credentials" in error.message


def test_anything_else_shows_what_the_installer_said() -> None:
    error = told("ERROR: Invalid requirement: 'six=1.0 ==': Expected semicolon")

    assert error.exit_code == 2
    assert "Invalid requirement: 'six=1.0 =='" in error.message


def test_only_the_end_of_a_long_output_is_shown() -> None:
    error = told("\n".join(f"line {n}" for n in range(1000)))

    assert "line 999" in error.message
    assert "line 900" not in error.message


@pytest.mark.parametrize(
    "text",
    [
        "Failed to fetch: `https://someone:hunter22@registry.invalid/simple/six/`",
        "url https://registry.invalid/simple?token=hunter22&x=1",
        "https://hunter22@registry.invalid/simple",
        "the password hunter22 was refused",
    ],
)
def test_credentials_never_reach_a_message(text: str) -> None:
    environ = {"PIP_EXTRA_INDEX_URL": "https://a.invalid https://someone:hunter22@b.invalid/s"}
    error = explain(Finished(1, text, text), TARGET, environ)

    assert "hunter22" not in f"{error.message} {error.advice}"


@pytest.mark.parametrize(
    "environ",
    [
        {"UV_INDEX": "private=https://u:hunter22@b.invalid/s"},
        {"UV_INDEX_PRIVATE_PASSWORD": "hunter22"},
        {"https_proxy": "http://u:hunter22@proxy.invalid:3128"},
    ],
)
def test_passwords_are_known_wherever_an_installer_takes_them(environ: dict[str, str]) -> None:
    assert hide_credentials("wrong password: hunter22", environ) == "wrong password: ***"


@pytest.mark.parametrize(
    "address", ["https://u:from-a-file@h.invalid/s", "https://h.invalid/s?key=from-a-file"]
)
def test_credentials_that_no_setting_tells_are_hidden_too(address: str) -> None:
    hidden = hide_credentials(f"cannot open `{address}`", {})

    assert "from-a-file" not in hidden
    assert "h.invalid/s" in hidden


def test_an_address_without_credentials_is_left_readable() -> None:
    text = "Failed to fetch: `https://registry.invalid/simple/six/`"

    assert hide_credentials(text, {}) == text
