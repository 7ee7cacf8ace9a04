import yaml

from tests.actions.tables import EXAMPLE, PAGE, page


def test_the_reference_is_what_the_actions_say() -> None:
    assert PAGE.read_text() == page(), "it is out of date: make docs"


def test_the_example_is_yaml() -> None:
    [code] = [
        part.removeprefix("yaml\n") for part in EXAMPLE.split("```") if part.startswith("yaml")
    ]
    assert set(yaml.safe_load(code)) == {"concurrency", "jobs"}
