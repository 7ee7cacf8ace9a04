"""What one run learned of an AIGNE project, so that the next one starts the CLI once."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Learned:
    """``placeholder``: it wants a model to be configured and was content with none.

    ``parameters`` are those that what is said goes into, as the agent takes no plain message.
    """

    placeholder: bool = False
    parameters: tuple[str, ...] = ()


def recalled(memory: Path) -> Learned:
    """Nothing where the file is not there or makes no sense: it is learned again."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Learned()
    match found:
        case {"placeholder": bool(placeholder), "parameters": [*names]}:
            return Learned(placeholder, tuple(map(str, names)))
        case _:
            return Learned()


def remember(memory: Path, learned: Learned) -> None:
    """Where it cannot be written, the next run learns it anew: no answer is lost to that."""
    with suppress(OSError):
        memory.parent.mkdir(mode=0o700, exist_ok=True)
        memory.write_text(json.dumps(asdict(learned)), encoding="utf-8")
