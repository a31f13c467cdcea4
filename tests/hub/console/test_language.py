"""Chinese first and complete, English complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from hub import console
from hub.console.labels import LABELS, LEVEL_OF
from hub.console.language import translations
from hub.domain import alerts, announcements, devices, people
from hub.domain.ladder import Who
from hub.domain.people import ChannelName

FOLDER = Path(console.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))
HAN = re.compile(r"[㐀-鿿]+")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def messages() -> frozenset[str]:
    """Every text of templates and modules that is marked for the catalogue."""
    found = extract_from_dir(
        FOLDER,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")],
        options_map={"templates/**.html": {"trimmed": "false", "newstyle_gettext": "true"}},
        keywords={"_": None, "gettext": None},
    )
    return frozenset(message for _, _, message, _, _ in found if isinstance(message, str))


def test_every_text_has_an_english_translation_with_the_same_placeholders() -> None:
    english = translations("en")
    assert len(messages()) > 200
    for message in messages():
        translated = english.gettext(message)
        assert message == "中文" or translated != message, message
        assert set(PLACEHOLDER.findall(translated)) == set(PLACEHOLDER.findall(message)), message


def test_the_catalogue_holds_nothing_that_is_not_used() -> None:
    text = (FOLDER / "locales" / "en" / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    known = set(translations("en")._catalog) - {""}  # type: ignore[attr-defined]  # gettext offers no listing
    assert known == messages()
    assert "fuzzy" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.name))
def test_no_template_holds_chinese_that_is_not_translated(template: Path) -> None:
    assert not list(_bare(template.read_text(encoding="utf-8")))


def _bare(source: str) -> Iterator[str]:
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{% trans.*?\{% endtrans %\}", "", source, flags=re.DOTALL)
    source = re.sub(r"""_\((["']).*?\1\)""", "", source, flags=re.DOTALL)
    yield from HAN.findall(source)


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("state", alerts.State),
        ("step", alerts.By),
        ("alert_kind", alerts.Kind),
        ("seen", alerts.Seen),
        ("purpose", alerts.Purpose),
        ("stage", alerts.Stage),
        ("who", Who),
        ("duty", people.Duty),
        ("channel", ChannelName),
        ("kind", announcements.Kind),
        ("reached", announcements.Reached),
        ("link", devices.Link),
        ("part", devices.Part),
        ("role", people.Role),
    ],
)
def test_every_value_of_the_rules_has_a_word(group: str, values: type[alerts.State]) -> None:
    assert set(LABELS[group]) >= {value.value for value in values}


def test_every_kind_of_alert_has_a_level() -> None:
    assert set(LEVEL_OF) == {kind.value for kind in alerts.Kind}
