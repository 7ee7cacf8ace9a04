"""The schema of agentramp.yaml is sound, and page, schema and code say the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from agentramp.config import read_ramp
from agentramp.config.ramp_settings import (
    CommandGate,
    CommandSource,
    GoldenGate,
    Happening,
    Hook,
    ProbeSource,
    RampConfig,
    UrlSource,
)
from agentramp.config.ramp_sources import OWNERS
from agentramp.config.schema import AGENTRAMP_YAML, schema
from agentramp.evidence.prometheus import BAD, COUNTED, LATENCY
from agentramp.judge.window import Metric, Unit

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "agentramp-yaml.md"
SCHEMA = schema(AGENTRAMP_YAML)


def followed(part: dict[str, Any]) -> dict[str, Any]:
    """A key's own words win over those of the definition it refers to."""
    name = part.get("$ref", "").removeprefix("#/$defs/")
    return {**followed(SCHEMA["$defs"][name]), **part} if name else part


def keys(part: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key a file may have, spelt as on the page: ``gates[].judge.url``."""
    for name, found in part.get("properties", {}).items():
        below = followed(found)
        place = f"{path}.{name}".removeprefix(".")
        yield place, {**below, "is-required": name in part.get("required", [])}
        yield from keys(below, place)
        if "items" in below:
            yield from keys(followed(below["items"]), f"{place}[]")


KEYS = dict(keys(SCHEMA))
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split("|")]
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert len(KEYS) > 55


def test_every_pattern_is_said_in_words_and_refuses_a_trailing_line_end() -> None:
    patterns = [part for part in KEYS.values() if "pattern" in part]
    assert len(patterns) == 7
    assert all("x-says" in part and part["pattern"].endswith("(?!\\n)") for part in patterns)


def test_no_part_allows_an_unknown_key() -> None:
    parts = [
        SCHEMA,
        *KEYS.values(),
        *(followed(part["items"]) for part in KEYS.values() if "items" in part),
    ]
    assert all(part.get("additionalProperties") is False for part in parts if "properties" in part)


def test_the_page_has_each_key_once_and_no_other() -> None:
    assert set(ROWS) == set(KEYS)
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(KEYS)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_the_page_names_each_default(key: str) -> None:
    shown = ROWS[key][-1]
    if KEYS[key]["is-required"]:
        assert shown == "required"
    elif "default" in KEYS[key]:
        first = shown.split("`")[1]
        assert yaml.safe_load(first) == KEYS[key]["default"]
    else:
        assert "`" not in shown or shown.startswith("that of ")


@pytest.mark.parametrize("key", sorted(key for key, part in KEYS.items() if "enum" in part))
def test_the_page_names_each_choice(key: str) -> None:
    assert all(f"`{choice}`" in " ".join(ROWS[key]) for choice in KEYS[key]["enum"])


@pytest.mark.parametrize("key", sorted(OWNERS))
def test_the_page_names_the_sources_of_each_key(key: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"`([a-z-]+)`", ROWS[f"evidence.{key}"][1])
    if key == "unit":
        told = re.findall(r"`([a-z-]+)`", text[text.index("`unit` belongs") + 6 :].split(".")[0])
    assert told == list(OWNERS[key])


def test_the_examples_of_the_page_are_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "agentramp.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "prompts.yaml").touch()
    config = read_ramp(tmp_path, {"HOOK": "http://localhost:1"}, tmp_path)
    assert config.hooks[0].on == (Happening.ROLLED_BACK, Happening.PROMOTED)


def test_the_page_shows_the_counters_of_the_gateway() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert all(expression in text for expression in (COUNTED, BAD, LATENCY))


def test_a_file_that_writes_each_default_says_nothing_new(tmp_path: Path) -> None:
    written: dict[str, Any] = {}
    for key, part in KEYS.items():
        *above, name = key.split(".")
        if "default" in part and "[]" not in key and key not in OWNED:
            holder = written
            for step in above:
                holder = holder.setdefault(step, {})
            holder[name] = part["default"]
    assert len(written) > 12
    file = tmp_path / "agentramp.yaml"
    file.write_text(json.dumps(written), encoding="utf-8")
    found = read_ramp(tmp_path, {}, tmp_path)
    assert found == RampConfig(file=file)


OWNED = {f"evidence.{key}" for key in OWNERS}


def test_defaults_of_items_are_those_of_the_code() -> None:
    gate = KEYS["gates[].repeats"]["default"], KEYS["gates[].alpha"]["default"]
    assert gate == (GoldenGate.repeats, GoldenGate.alpha)
    assert KEYS["gates[].timeout"]["default"] == "10m"
    assert CommandGate.timeout == 600
    assert KEYS["notify[].on"]["default"] == [happening.value for happening in Happening]
    assert Hook("http://localhost:1").on == tuple(Happening)
    assert KEYS["evidence.timeout"]["default"] == f"{CommandSource.timeout:g}s"
    assert ROWS["evidence.timeout"][-1].endswith(f"for a url `{UrlSource.timeout:g}s`")
    assert KEYS["evidence.count"]["default"] == ProbeSource.count
    assert KEYS["evidence.unit"]["default"] == CommandSource.unit.value == UrlSource.unit.value


def test_choices_are_those_of_the_code() -> None:
    assert KEYS["evidence.unit"]["enum"] == [unit.value for unit in Unit]
    assert {f"metrics.{metric.value}" for metric in Metric} <= set(KEYS)
    assert KEYS["notify[].on"]["items"]["enum"] == [happening.value for happening in Happening]
