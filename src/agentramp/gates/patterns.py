"""Regular expressions, JSON paths and JSON schemas of users: compiled and tried.

A match has a time limit; the patterns inside of a schema or a path have none. The two libraries are
those of the extra ``gates``: ``regex`` because a match can be given a time, and
``python-jsonpath``, which follows RFC 9535.
"""

import importlib
import json
from typing import Any, Final

from agentramp.errors import UsageError

MATCH_SECONDS: Final = 1.0
MOST_CHARACTERS: Final = 200_000


class PatternError(ValueError):
    """It cannot be compiled, or took too long; the message says which and why."""


def _library(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"golden prompts with matches or json-path need the Python package {name}, "
            "which is not installed",
            advice="install agentramp with its extra: pip install 'agentramp[gates]'",
        ) from error


def check_regex(pattern: str) -> None:
    """Raise PatternError where it is none."""
    _compiled(pattern)


def is_found(pattern: str, text: str) -> bool:
    """Whether ``pattern`` is somewhere in the first part of ``text``; raises PatternError."""
    try:
        return _compiled(pattern).search(text[:MOST_CHARACTERS], timeout=MATCH_SECONDS) is not None
    except TimeoutError as error:
        raise PatternError(
            f"matching takes longer than {MATCH_SECONDS:g} s; simplify it"
        ) from error


def _compiled(pattern: str) -> Any:  # noqa: ANN401 - of a library that may be missing
    library = _library("regex")
    try:
        return library.compile(pattern, library.V0)
    except library.error as error:
        raise PatternError(f"is no regular expression: {error}") from error


def check_path(path: str) -> None:
    """Raise PatternError where it is no JSON path."""
    library = _library("jsonpath")
    try:
        library.compile(path)
    except library.JSONPathError as error:
        raise PatternError(f"is no JSON path: {_first_line(error)}") from error


def values_at(path: str, document: object) -> tuple[object, ...]:
    """All values that ``path`` leads to; raises PatternError."""
    library = _library("jsonpath")
    try:
        return tuple(library.findall(path, document))
    except library.JSONPathError as error:
        raise PatternError(f"cannot be followed: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def check_schema(schema: str) -> None:
    """Raise PatternError where the JSON text is no JSON schema."""
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - slow to import

    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as error:
        raise PatternError(f"is no JSON schema: {error.message}") from error


def schema_fault(schema: str, document: object) -> str:
    """What breaks the JSON schema, with its place, or nothing; raises PatternError.

    A ``$ref`` that leads elsewhere is not fetched.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - slow to import
    from referencing import Registry  # noqa: PLC0415 - slow to import
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - slow to import

    validator = Draft202012Validator(json.loads(schema), registry=Registry())
    try:
        found = best_match(validator.iter_errors(document))
    except Unresolvable as error:
        raise PatternError(f"refers to what is not in it: {error.ref}") from error
    except RecursionError as error:
        raise PatternError("the answer is nested too deeply for it") from error
    return "" if found is None else f"{found.json_path}: {found.message}"
