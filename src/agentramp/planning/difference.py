"""What differs between the runtime a file asks for and the one that is there.

A field the file leaves unsaid (None, or nothing) is left as it is, so it is no difference. The
environment is the exception: it is compared whole, because a variable removed from the file
must go. Its values may be secrets, so only names are told.

A secret that the platform does not show, or shows masked, cannot be compared: alone it is no
difference, and it is sent with the next one.
"""

from dataclasses import fields, is_dataclass
from enum import Enum

from agentramp.masks import is_hidden
from agentramp.model import RuntimeSpec, Variables
from agentramp.plan import Change

_TOLD = (
    *("description", "role", "credential_name", "log_store", "nas", "oss_mounts", "tracing"),
    "health_check",
)
"""Fields that the platform has only where somebody set them."""


def differences(wanted: RuntimeSpec, present: RuntimeSpec) -> tuple[Change, ...]:
    found = list(_compare("", wanted, present))
    if wanted.environment != present.environment:
        found.append(_environment(wanted.environment, present.environment))
    return tuple(found)


def kept(wanted: RuntimeSpec, present: RuntimeSpec) -> tuple[str, ...]:
    """What the platform has and the file does not say: it stays, so a person is told.

    But for file systems of a network that is left: they are reached from a VPC alone.
    """
    leaves_vpc = wanted.network.vpc_id is None
    return tuple(
        name
        for name in _TOLD
        if not (name == "nas" and leaves_vpc)
        and getattr(wanted, name) in {None, ()}
        and getattr(present, name) not in {None, "", ()}
    )


def _compare(path: str, wanted: object, present: object) -> list[Change]:
    if wanted is None or wanted in ((), present) or path == "environment":
        return []
    if is_dataclass(wanted) and is_dataclass(present):
        return [
            change
            for field in fields(wanted)
            for change in _compare(
                f"{path}.{field.name}" if path else field.name,
                getattr(wanted, field.name),
                getattr(present, field.name),
            )
        ]
    if _is_secret(path):
        if present is None or (isinstance(present, str) and is_hidden(present)):
            return []
        return [Change(path, "***", "*** (changed)")]
    return [Change(path, _words(present), _words(wanted))]


def _is_secret(path: str) -> bool:
    return path.rpartition(".")[2] in {"password", "license_key"}


def _words(value: object) -> str:
    if value is None:
        return "unset"
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value):
        return "set"
    if isinstance(value, tuple):
        return " ".join(_words(item) for item in value) or "none"
    return str(value)


def _environment(wanted: Variables, present: Variables) -> Change:
    new, old = dict(wanted), dict(present)
    told = [f"+{name}" for name in new if name not in old]
    told += [f"-{name}" for name in old if name not in new]
    told += [f"~{name}" for name in new if name in old and new[name] != old[name]]
    return Change("environment", f"{len(old)} variables", " ".join(told))
