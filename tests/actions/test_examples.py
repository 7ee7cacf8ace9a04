from pathlib import Path
import pytest
from tests.actions.act import Act
from tests.actions.consumer import Consumer, Keyless

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_try(act: Act, tmp_path: Path, agentrun: Keyless) -> None:
    made = Consumer.of(EXAMPLES / "staging-and-production", tmp_path / "made", act, agentrun)
    run = made.runs("release", event="push")
    import json

    open("/tmp/h5/run.json", "w").write("\n".join(json.dumps(dict(e)) for e in run.entries))
    assert run.code == 0, run.story()[-5000:]
