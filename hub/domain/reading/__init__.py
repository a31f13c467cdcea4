"""How a written notice is read aloud in Chinese: numbers, dates, rooms, telephones, units."""

from hub.domain.reading.rules import RULES


def spoken(text: str) -> str:
    """The text as it is spoken: no digit is left in it, and reading it again changes nothing.

    Never raises. What no rule knows stays as it is written.
    """
    for rule in RULES:
        text = rule.pattern.sub(rule.say, text)
    return text
