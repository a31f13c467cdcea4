"""Business errors as people read them: a status, and a sentence in their language."""

from __future__ import annotations

from hub.console.labels import label
from hub.console.language import translations
from hub.domain import errors
from hub.domain.words import WORDS, say

STATUS: tuple[tuple[type[errors.DongdongError], int], ...] = (
    (errors.NotFound, 404),
    (errors.StepNotAllowed, 409),
    (errors.Changed, 409),
    (errors.NotPermitted, 403),
    (errors.OwnConfirmation, 403),
    (errors.NotSignedIn, 401),
    (errors.WrongPassword, 422),
    (errors.TooManyTries, 429),
    (errors.Invalid, 422),
)
"""Anything else (no voice, no link, a silent device) is 409: a sentence to read, unlike the 5xx of a gateway."""


def status(error: errors.DongdongError) -> int:
    """The HTTP status of a business error."""
    return next((code for kind, code in STATUS if isinstance(error, kind)), 409)


def sentence(error: errors.DongdongError, language: str) -> str:
    """What happened and what to do, in this language; names of states, steps and roles as the pages call them."""
    word = translations(language).gettext
    params = dict(error.params)
    for name, group in (("state", "state"), ("step", "step"), ("role", "role")):
        if name in params:
            params[name] = word(label(group, params[name]))
    allowed = params.get("allowed")
    if isinstance(allowed, list):
        params["allowed"] = word("、").join(word(label("step", one)) for one in allowed)
    noun = f"noun.{params.get('what')}"
    if noun in WORDS:
        params["what"] = say(noun, language)
    return say(error.key, language, **params)
