"""Converts what is asked, such as ``5 miles in km``."""

import re

from units import FACTORS

NAME = "converter"
QUESTION = re.compile(r"(\d+(?:\.\d+)?) ([a-z]+) in ([a-z]+)")
UNKNOWN = "Ask me something like: 5 miles in km."


def answer(question: str) -> str:
    found = QUESTION.search(question.lower())
    if not found:
        return UNKNOWN
    amount, source, target = found.groups()
    factor = FACTORS.get((source, target))
    if factor is None:
        return f"I cannot convert {source} to {target}."
    return f"{amount} {source} are {float(amount) * factor:.2f} {target}."
