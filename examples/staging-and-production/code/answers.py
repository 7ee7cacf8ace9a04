"""What the agent knows: the first word that stands in a question decides the answer."""

NAME = "support"
TOPICS = {
    "open": "We are open from 9 to 18, Monday to Friday.",
    "ship": "Shipping takes two to four days.",
    "return": "You can return anything within 30 days.",
}
UNKNOWN = "I know about opening hours, shipping and returns."


def answer(question: str) -> str:
    asked = question.lower()
    return next((text for word, text in TOPICS.items() if word in asked), UNKNOWN)
