"""The console's two languages: Chinese is what stands in templates and modules, English comes from the catalogue."""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"zh": "zh-CN", "en": "en"}
"""Our names of the languages, and what HTML calls them."""
LOCALES = Path(__file__).parent / "locales"


def mark(text: str) -> str:
    """Marks a text of a module for the catalogue; it is translated where it is shown."""
    return text


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of this language, compiled once in memory; Chinese needs none."""
    if language == "zh":
        return NullTranslations()
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
