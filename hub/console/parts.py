"""The parts of pages that live: what each reads, and which news make it old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from hub.console import airing, heard_report, history, houses, plan, proofs
from hub.console.cards import card
from hub.console.my_duty import my_duty
from hub.console.rota_week import week
from hub.console.seen import MOST_CARDS, Seen
from hub.console.sent import Line, message
from hub.domain.alerts import State
from hub.services.audience import stoppable
from hub.services.desk_watch import TOPIC
from hub.services.news import EVERYTHING
from hub.services.views import alert_view, going_on_view, held_view

Context = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page. `name` is its template below parts/ and the id of its element.

    `topics` are beginnings of the news that make it old; every beat reads it anew as well.

    `read` takes what it is about: an alert, an announcement or a person; empty for the whole community.
    """

    name: str
    topics: tuple[str, ...]
    read: Callable[[Seen, str], Context]


@dataclass(frozen=True, slots=True)
class Key:
    """One rendering of a part: what it is about, in which language, and whether with buttons."""

    part: str
    about: str
    language: str
    may_act: bool


def is_touched(key: Key, topics: set[str]) -> bool:
    """Whether these news make that rendering old."""
    return EVERYTHING in topics or any(topic.startswith(PARTS[key.part].topics) for topic in topics)


def _alarm(seen: Seen, _about: str) -> Context:
    waiting = [one for one in seen.cards if one.state == State.OPEN]
    return {
        "open": sum(one.state is State.OPEN for one in seen.open_alerts),
        "level": min((one.level for one in waiting), default=0),
        "reds": tuple(one.id for one in waiting if one.level == 1),
    }


def _queue(seen: Seen, _about: str) -> Context:
    return {"cards": tuple(seen.cards), "beyond": tuple(seen.open_alerts[MOST_CARDS:])}


def _lately(seen: Seen, _about: str) -> Context:
    return {"alerts": history.lately(seen)}


def _alert(seen: Seen, about: str) -> Context:
    alert = alert_view(seen.tx, about, seen.now_ms)
    return {
        "card": card(seen.calling, alert, seen.now_ms),
        "journal": tuple(history.line(one) for one in alert.journal),
        "notifications": tuple(
            Line(one.person.name if one.person else "", one.purpose.value, message(one)) for one in alert.notifications
        ),
    }


def _on_air(seen: Seen, _about: str) -> Context:
    return {
        "running": tuple(airing.aired(one, seen.now_ms) for one in going_on_view(seen.tx, seen.now_ms)),
        "may_stop_all": bool(stoppable(seen.tx, seen.now_ms)),
    }


def _held(seen: Seen, about: str) -> Context:
    return {"held": tuple(airing.held(one) for one in held_view(seen.tx, seen.now_ms)), "me": about}


def _announcements(seen: Seen, _about: str) -> Context:
    past = [one for one in seen.announcements if not airing.is_running(one, seen.now_ms)]
    return {"past": tuple(airing.aired(one, seen.now_ms) for one in past)}


def _announcement(seen: Seen, about: str) -> Context:
    return airing.announcement(seen, about)


def _plan(seen: Seen, _about: str) -> Context:
    known = houses.houses(seen)
    branches = tuple(
        (branch.name, tuple(known[one.slug] for one in branch.buildings)) for branch in plan.tree(seen.places)
    )
    return {"plan": plan.draw(seen.places), "houses": tuple(known.values()), "branches": branches}


def _devices(seen: Seen, _about: str) -> Context:
    return proofs.devices(seen)


def _heard(seen: Seen, about: str) -> Context:
    return heard_report.shown(seen, int(about))


def _mine(seen: Seen, about: str) -> Context:
    return {"cards": tuple(one for one in seen.cards if about in one.helper_ids), "me": about}


def _my_duty(seen: Seen, about: str) -> Context:
    return {"duty": my_duty(seen.tx, about, seen.now_ms)}


def _rota(seen: Seen, about: str) -> Context:
    return {"week": week(seen.tx, date.fromisoformat(about), seen.now_ms, seen.reach_of)}


def _trouble(seen: Seen, _about: str) -> Context:
    is_alone = not seen.is_watched and any(one.state is State.OPEN for one in seen.open_alerts)
    return {"reasons": (*seen.trouble, *(["desk_unwatched"] if is_alone else []))}


ALERTS, ANNOUNCEMENTS = ("alert",), ("announcement",)
PARTS = {
    part.name: part
    for part in (
        Part("trouble", ("unrecorded", TOPIC, *ALERTS), _trouble),
        Part("alarm", ALERTS, _alarm),
        Part("held", ("announcements",), _held),
        Part("queue", ALERTS, _queue),
        Part("lately", ALERTS, _lately),
        Part("alert", ALERTS, _alert),
        Part("on_air", ANNOUNCEMENTS, _on_air),
        Part("announcements", ANNOUNCEMENTS, _announcements),
        Part("announcement", ANNOUNCEMENTS, _announcement),
        Part("plan", ("alert", "announcement", "devices"), _plan),
        Part("devices", ("devices",), _devices),
        Part("heard", ANNOUNCEMENTS, _heard),
        Part("mine", ALERTS, _mine),
        Part("my_duty", ("rota",), _my_duty),
        Part("rota", ("rota",), _rota),
    )
}
