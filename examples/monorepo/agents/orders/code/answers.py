"""Says where an order is. A real one would ask the shop's database."""

import re

NAME = "orders"
STATES = ("is being packed", "is on its way", "was delivered")
UNKNOWN = "Which order do you mean? Ask me: where is order 17?"


def answer(question: str) -> str:
    found = re.search(r"order #?(\d{1,12})", question.lower())
    if not found:
        return UNKNOWN
    number = int(found[1])
    return f"Order {number} {STATES[number % len(STATES)]}."
