"""What the agent can do besides talking: compute, and read the clock."""

import ast
import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

Number: TypeAlias = int | float

OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
LONGEST_EXPRESSION = 200
LARGEST_EXPONENT = 64
LARGEST_NUMBER = 10**100


class ToolError(Exception):
    """The tool was called with something it cannot work with."""


def calculate(expression: str) -> str:
    if len(expression) > LONGEST_EXPRESSION:
        raise ToolError(f"the expression is longer than {LONGEST_EXPRESSION} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        value = _value(tree.body)
    except SyntaxError:
        raise ToolError(f"{expression!r} is not arithmetic") from None
    except ArithmeticError as error:
        raise ToolError(f"{expression}: {error}") from None
    return f"{expression.strip()} = {value if isinstance(value, int) else format(value, '.12g')}"


def _value(node: ast.expr) -> Number:
    """Only numbers and operators are walked, so no name is looked up and nothing is called."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return _bounded(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _apply(op, _value(left), _value(right))
        case _:
            raise ToolError("only numbers and + - * / // % ** and brackets are understood")


def _apply(op: ast.operator, left: Number, right: Number) -> Number:
    if isinstance(op, ast.Pow) and abs(right) > LARGEST_EXPONENT:
        raise ToolError(f"exponents go up to {LARGEST_EXPONENT}")
    value = OPERATORS[type(op)](left, right)
    if isinstance(value, complex):
        raise ToolError("the result is not a real number")
    return _bounded(value)


def _bounded(value: Number) -> Number:
    if abs(value) > LARGEST_NUMBER:
        raise ToolError("the number is too large")
    return value


def clock(utc_offset_hours: float = 0) -> str:
    try:
        zone = timezone(timedelta(hours=utc_offset_hours))
    except (ValueError, OverflowError, TypeError):
        raise ToolError("utc_offset_hours lies between -23 and 23") from None
    return f"It is {datetime.now(zone):%H:%M:%S on %Y-%m-%d} ({zone})."


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]
    run: Callable[..., str]

    @property
    def spec(self) -> dict[str, Any]:
        """The tool as OpenAI's function calling announces it."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }
        return {"type": "function", "function": function}


TOOLS = (
    Tool(
        "calculate",
        "Computes an arithmetic expression and returns it with its result.",
        {
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "e.g. (2+3)*4"}},
            "required": ["expression"],
        },
        calculate,
    ),
    Tool(
        "clock",
        "Tells the present date and time.",
        {
            "type": "object",
            "properties": {"utc_offset_hours": {"type": "number", "description": "e.g. 8"}},
        },
        clock,
    ),
)


def call(name: str, arguments: str) -> str:
    """The tool's answer; what went wrong is an answer too, so that the model can correct itself."""
    tool = next((tool for tool in TOOLS if tool.name == name), None)
    if tool is None:
        return f"There is no tool named {name}."
    try:
        given = json.loads(arguments or "{}")
        return tool.run(**given)
    except ToolError as error:
        return f"That does not work: {error}."
    except (TypeError, AttributeError, ValueError):
        return f"{name} was called with arguments that do not fit its parameters."
