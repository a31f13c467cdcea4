"""One setting of the hub: what it is called, how it is read, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`name` without prefix, how its text is read, its default as text, and its meaning in both languages."""

    name: str
    read: Callable[[str], object]
    default: str
    zh: str
    en: str
    is_secret: bool = False
