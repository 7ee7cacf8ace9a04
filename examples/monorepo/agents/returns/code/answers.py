"""Says whether something can still be sent back."""

import re

NAME = "returns"
LONGEST_DAYS = 30
UNKNOWN = "How long ago did you buy it? Ask me: can I return it after 12 days?"


def answer(question: str) -> str:
    found = re.search(r"(\d{1,6}) days?", question.lower())
    if not found:
        return UNKNOWN
    days = int(found[1])
    if days > LONGEST_DAYS:
        return f"No, {days} days are more than {LONGEST_DAYS}."
    return f"Yes, you have {LONGEST_DAYS - days} days left."
