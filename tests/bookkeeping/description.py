"""GitHub's own description of its REST API, and whether requests and answers are as it says.

openapi-core reads OpenAPI 3.0 with its own keywords (``nullable``), finds the operation of a path
and checks parameters and bodies both ways; jsonschema by itself knows none of that. Of the
800 paths only those used here are kept, with what they refer to: the whole takes it half a minute.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.bookkeeping.site import Asked
from tests.node import installed

SITE = "https://api.github.com"
_REPOSITORY = "/repos/{owner}/{repo}"
_USED = (
    "/user",
    f"{_REPOSITORY}/deployments",
    f"{_REPOSITORY}/deployments/{{deployment_id}}/statuses",
    f"{_REPOSITORY}/issues/{{issue_number}}/comments",
    f"{_REPOSITORY}/issues/comments/{{comment_id}}",
)
_METHODS = ("get", "post", "patch", "delete")


def check_request(asked: Asked) -> None:
    """Raises an error of openapi-core that names what is not as GitHub says."""
    _described().validate_request(_request(asked))
    unknown = set(asked.query) - _parameters(asked)
    assert not unknown, f"{asked.path} takes no {', '.join(unknown)}"


def check_answer(asked: Asked) -> None:
    answer = MockResponse(asked.answer, asked.status or 0, content_type="application/json")
    _described().validate_response(_request(asked), answer)


def _request(asked: Asked) -> MockRequest:
    return MockRequest(
        SITE,
        asked.method.lower(),
        asked.path,
        args=dict(asked.query),
        headers=dict(asked.headers),
        data=asked.body or None,
        content_type=asked.headers.get("content-type", ""),
    )


@cache
def _described() -> OpenAPI:
    return OpenAPI.from_dict(_pruned())


@cache
def _pruned() -> dict[str, Any]:
    modules = installed.node_modules("openapi")
    file = modules / "@octokit" / "openapi" / "generated" / "api.github.com.json"
    whole = json.loads(file.read_text(encoding="utf-8"))
    paths = {path: _operations(whole["paths"][path]) for path in _USED}
    pruned = {key: whole[key] for key in ("openapi", "info")}
    return {
        **pruned,
        "servers": [{"url": SITE}],
        "paths": paths,
        "components": _components(whole, paths),
    }


def _operations(item: Mapping[str, Any]) -> dict[str, Any]:
    """Bodies take nothing that is not described: GitHub ignores a word that is spelt wrongly."""
    kept = {method: item[method] for method in _METHODS if method in item}
    for operation in kept.values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content["schema"].setdefault("additionalProperties", False)
    return kept


def _components(whole: Mapping[str, Any], paths: object) -> dict[str, dict[str, Any]]:
    """All that ``paths`` refer to, and what that refers to."""
    found: dict[str, dict[str, Any]] = {}
    todo = list(_references(paths))
    while todo:
        kind, name = todo.pop()
        if name not in found.setdefault(kind, {}):
            found[kind][name] = whole["components"][kind][name]
            todo += _references(found[kind][name])
    return found


def _references(value: object) -> Iterator[tuple[str, str]]:
    match value:
        case {"$ref": str(target)}:
            kind, name = target.removeprefix("#/components/").split("/")
            yield kind, name
        case dict():
            for one in value.values():
                yield from _references(one)
        case list():
            for one in value:
                yield from _references(one)
        case _:
            return


def _parameters(asked: Asked) -> set[str]:
    """The names that a query of this operation may have."""
    description = _pruned()
    for path, operations in description["paths"].items():
        if len(path.split("/")) == len(asked.path.split("/")) and all(
            part.startswith("{") or part == given
            for part, given in zip(path.split("/"), asked.path.split("/"), strict=True)
        ):
            listed = operations[asked.method.lower()].get("parameters", [])
            resolved = [_resolved(description, one) for one in listed]
            return {one["name"] for one in resolved if one["in"] == "query"}
    return set()


def _resolved(description: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in one:
        return one
    kind, name = next(_references(one))
    found: Mapping[str, Any] = description["components"][kind][name]
    return found
