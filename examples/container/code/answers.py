"""Greets, in the language that the question names."""

import os

NAME = "greeter"
GREETINGS = {"english": "Hello", "french": "Bonjour", "italian": "Ciao", "chinese": "你好"}


def answer(question: str) -> str:
    asked = question.lower()
    own = os.environ.get("GREETING") or GREETINGS["english"]
    greeting = next((word for name, word in GREETINGS.items() if name in asked), own)
    return f"{greeting}, whoever you are."
