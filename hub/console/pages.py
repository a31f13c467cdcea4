"""Renders pages and their parts: one Jinja environment a language, with the words, times and pictures they use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from hub.console import labels
from hub.console.language import LANGUAGES, translations
from hub.console.reasons import told
from hub.domain.quiet_hours import is_all_day
from hub.domain.wall_clock import MINUTES_A_DAY

STATIC = Path(__file__).parent / "static"
ICONS = STATIC / "vendor" / "icons"


class Pages:
    """The templates in both languages. Every template reads `language`, `zone` and `now_ms` from its context."""

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return {language: _environment(language) for language in LANGUAGES}

    def text(self, template: str, language: str, context: Mapping[str, object]) -> str:
        """The template in this language."""
        return self._environments[language].get_template(template).render(context, language=language)

    def html(self, template: str, language: str, context: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """The template as an answer."""
        return HTMLResponse(self.text(template, language, context), status)

    def sentence(self, language: str, text: str, **params: object) -> str:
        """A sentence of a module, marked for the catalogue, in this language."""
        return translations(language).gettext(text) % params


def time_of_day(ms: float, zone: str) -> str:
    """The time of day in this zone: 14:01:50."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


def acted(sentence: str, undo: Mapping[str, str] | None = None) -> Response:
    """The answer to a form that was taken: nothing to swap, the page says this sentence and closes its dialog.

    `undo` are the fields of the form by which the page offers, for 10 s, to take it back.
    """
    return Response(status_code=204, headers={"HX-Trigger": json.dumps({"acted": {"say": sentence, "undo": undo}})})


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("hub.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(language)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # by the extension

    def word(value: object, group: str) -> str:
        return catalogue.gettext(labels.label(group, value))

    def words(values: Iterable[object], group: str) -> str:
        return (", " if language == "en" else "、").join(word(value, group) for value in values)

    environment.filters |= {
        "reason": partial(told, language=language),
        "word": word,
        "words": words,
        "clock": clock,
        "clock_minute": clock_minute,
        "weekday": weekday,
        "moment": moment,
        "lasts": lasts,
        "hhmm": hhmm,
        "is_all_day": is_all_day,
        "level": lambda kind: labels.LEVEL_OF.get(str(kind), 2),
    }
    environment.globals |= {
        "asset": asset,
        "icon": icon,
        "LANGUAGES": LANGUAGES,
        "SHAPE_OF_LEVEL": labels.SHAPE_OF_LEVEL,
        "LEVEL_OF_KIND": labels.LEVEL_OF_KIND,
        "SHAPE_OF_REACH": labels.SHAPE_OF_REACH,
        "COLOUR_OF_REACH": labels.COLOUR_OF_REACH,
        "SHAPE_OF_REACHED": labels.SHAPE_OF_REACHED,
        "COLOUR_OF_REACHED": labels.COLOUR_OF_REACHED,
    }
    return environment


@cache
def asset(path: str) -> str:
    """The address of a file below static/, changing with its content, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


@cache
def icon(name: str) -> Markup:
    """A picture beside a word; readers are spared it."""
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    drawing = svg[svg.index("<svg") :].replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    return Markup(drawing)  # noqa: S704  # our own file, copied from the locked package


def _local(ms: float, context: Context) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(context["zone"]))


@pass_context
def clock(context: Context, ms: float) -> str:
    """The time of day in the community's zone: 14:01:50."""
    return time_of_day(ms, context["zone"])


@pass_context
def clock_minute(context: Context, ms: float) -> str:
    """Hour and minute in the community's zone: 14:01."""
    return _local(ms, context).strftime("%H:%M")


@pass_context
def weekday(context: Context, ms: float) -> str:
    """The day of the week in the community's zone, 0 is Monday; labels.py has its word."""
    return str(_local(ms, context).weekday())


@pass_context
def moment(context: Context, ms: float) -> str:
    """Day and time, the day left out today: 14:01, or 11-21 14:01."""
    at, now = _local(ms, context), _local(context["now_ms"], context)
    if at.date() == now.date():
        return at.strftime("%H:%M")
    return at.strftime("%m-%d %H:%M" if at.year == now.year else "%Y-%m-%d %H:%M")


def hhmm(minute: int) -> str:
    """A minute of a day, or of the night after it, as the clock shows it: 08:00; 24:00 ends the day."""
    return "24:00" if minute == MINUTES_A_DAY else f"{minute // 60 % 24:02}:{minute % 60:02}"


def lasts(ms: float) -> str:
    """How long something takes or took, as the running clocks show it: 0:45, 12:03, 1:02:03."""
    seconds = max(0, int(ms // 1000))
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours}:{minutes % 60:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
