"""Alerts as the desk and the helpers' phones show them: how urgent, who was asked, what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hub.console.labels import LEVEL_OF
from hub.console.sent import Asked, asked
from hub.domain.alerts import Purpose, State
from hub.domain.ladder import DEFAULT, climb
from hub.domain.people import Person
from hub.services.calling import Calling
from hub.services.views import AlertDetail
from hub.services.views.alerts import ACCEPTING


@dataclass(frozen=True, slots=True)
class Told:
    """The last thing the elder was told; `sent_ms` is None while the broker does not have it."""

    stage: str
    sent_ms: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """All that a person needs to act on an alert. `next_who` is whom the next rung asks.

    `helper_ids` have it on their phones: who was asked, and whom the desk has accepted for. `went_ids` have ever said,
    or had it said, that they go, whatever became of it.
    """

    id: str
    level: int
    kind: str
    state: str
    place: str
    where: str
    residents: tuple[str, ...]
    opened_ms: int
    acceptor: Person | None
    promised_ms: int | None
    missing: int
    arrived_ms: int | None
    due_ms: int | None
    next_who: tuple[str, ...]
    told: Told | None
    asked: tuple[Asked, ...]
    helper_ids: frozenset[str]
    went_ids: frozenset[str]
    declined_ids: frozenset[str]
    backup_ids: frozenset[str]
    backups: tuple[str, ...]
    presses: int
    said_fine: bool
    is_exercise: bool
    is_late: bool

    @property
    def urgency(self) -> tuple[bool, int, int]:
        """What the desk sorts by: not accepted first, then level, then the oldest (CONSOLE.md, rule 6)."""
        return (self.state != State.OPEN, self.level, self.opened_ms)


def card(calling: Calling, alert: AlertDetail, now_ms: int) -> Card:
    """What is known of an alert, as a card."""
    declined = {line.actor for line in alert.journal if line.what == "declined"}
    backups = {one.id: one.name for one in alert.going if alert.acceptor is None or one.id != alert.acceptor.id}
    around = calling.around(alert.place, alert.home_id)
    went_ids = frozenset(line.actor for line in alert.journal if line.what in ACCEPTING)
    asked_ids = frozenset(one.person.id for one in alert.notifications if one.person and one.purpose is Purpose.ASK)
    acceptor = calling.people([alert.acceptor.id]).get(alert.acceptor.id) if alert.acceptor else None
    return Card(
        id=alert.id,
        level=LEVEL_OF[alert.kind],
        kind=alert.kind.value,
        state=alert.state.value,
        place=alert.place,
        where=alert.home_name or alert.place_name,
        residents=tuple(_resident(one.name, one.born_year, one.notes, now_ms) for one in alert.residents),
        opened_ms=alert.opened_ms,
        acceptor=acceptor,
        promised_ms=alert.promised_ms,
        missing=alert.missing,
        arrived_ms=alert.arrived_ms,
        due_ms=alert.due_ms,
        next_who=_next_who(calling, around, alert, asked_ids.union(one.id for one in alert.going)),
        told=Told(alert.told.stage.value, alert.told.sent_ms) if alert.told else None,
        asked=asked(alert, declined),
        helper_ids=asked_ids | went_ids,
        went_ids=went_ids,
        declined_ids=frozenset(declined),
        backup_ids=frozenset(backups),
        backups=tuple(backups.values()),
        presses=alert.press_count,
        said_fine=_said_fine(alert),
        is_exercise=alert.is_exercise,
        is_late=alert.state is State.ACCEPTED and now_ms > (alert.promised_ms or now_ms),
    )


def cards(calling: Calling, alerts: Iterable[AlertDetail], now_ms: int) -> list[Card]:
    """The cards of these alerts, the most urgent first."""
    return sorted((card(calling, one, now_ms) for one in alerts), key=lambda one: one.urgency)


def _resident(name: str, born_year: int | None, notes: str, now_ms: int) -> str:
    year = 1970 + now_ms // 31_556_952_000  # mean Gregorian year; an age may be one off in the night of New Year
    age = f" {year - born_year}" if born_year else ""
    return f"{name}{age}" + (f" · {notes}" if notes else "")


def _next_who(calling: Calling, around: tuple[str, ...], alert: AlertDetail, known: Collection[str]) -> tuple[str, ...]:
    ladder = calling.ladder(around, alert.kind, DEFAULT)
    step = climb(
        ladder,
        alert.rung,
        lambda index: calling.reach(ladder[index], around),
        lambda index: not set(known).issuperset(calling.asked(ladder[index], around)),
    )
    return tuple(dict.fromkeys(who.value for index in step.asked for who in ladder[index].who))


def _said_fine(alert: AlertDetail) -> bool:
    """Whether the elder's last sign was that all is well."""
    signs = [line.what for line in alert.journal if line.what in ("opened", "pressed_again", "said_fine")]
    return bool(signs) and signs[-1] == "said_fine"
