import re

import yaml

from tests.actions.tables import EXAMPLE, PAGE, page
from tests.actions.workflow_tables import called, jobs


def test_the_reference_is_what_the_actions_say() -> None:
    assert PAGE.read_text() == page(), "it is out of date: make docs"


def test_the_example_waits_in_the_queue_of_the_reusable_workflows() -> None:
    """With what they are called with where nothing is said, as the example says nothing either."""
    [code] = [
        part.removeprefix("yaml\n") for part in EXAMPLE.split("```") if part.startswith("yaml")
    ]
    [job] = yaml.load(code, yaml.BaseLoader)["jobs"].values()
    queue, inputs = jobs("promote")["promote"]["concurrency"], called("promote")["inputs"]
    given = re.sub(r"\$\{\{ inputs\.(\w+) }}", lambda it: inputs[it[1]]["default"], queue["group"])
    assert job["concurrency"] == {**queue, "group": given}
