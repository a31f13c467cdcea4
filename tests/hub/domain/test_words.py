"""Every sentence exists in both languages, and for every error that the hub can raise."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import hub
from hub.domain import errors
from hub.domain.alerts import By, State
from hub.domain.errors import DongdongError
from hub.domain.people import Role
from hub.domain.words import WORDS

HUB = Path(hub.__file__).parent


def invalid_keys() -> Iterator[str]:
    """The keys that `Invalid("…")` is raised with anywhere in the hub."""
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_invalid = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Invalid"
            if is_invalid and isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def test_every_error_has_its_sentence() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DongdongError)]
    keys = {*invalid_keys(), *(kind.key for kind in classes)}
    assert len(keys) > 30
    assert keys <= WORDS.keys()


def test_both_languages_say_the_same_things() -> None:
    for key, sentences in WORDS.items():
        chinese, english = ({field for _, field, _, _ in string.Formatter().parse(one) if field} for one in sentences)
        assert chinese == english, key


def test_every_state_step_and_role_has_a_name() -> None:
    names = [*(f"state.{one}" for one in State), *(f"step.{one}" for one in By), *(f"role.{one}" for one in Role)]
    assert set(names) <= WORDS.keys()
