"""Alerts as people see them: where, how far, who goes, what the elder was told, who was asked, and every step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice

from hub.domain.alerts import Alert, Kind, Purpose, Stage, State, allowed
from hub.domain.errors import NotFound
from hub.domain.people import ChannelName
from hub.services.calling import Calling
from hub.services.ports import JournalRow, Notification, Telling, Tx

PAGE = 200
"""Alerts read at once while searching for those of some states."""
MOST_PAGES = 5
"""So far back one request searches; `before_ms` leads further."""

ACCEPTING = ("accepted", "backup")
"""The journal's words for somebody who goes, by their own word or the desk's."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody by id; `name` is empty for one who was erased."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the elder is told. `sent_ms` is None until the broker has it; that it was heard is not known."""

    stage: Stage
    person: Named | None
    minutes: int | None
    created_ms: int
    sent_ms: int | None


@dataclass(frozen=True, slots=True)
class AlertSummary:
    """An alert in a list. `due_ms` is its next deadline; `allowed` are the steps that people may take now.

    `missing` is how many more people have to accept before nobody else is asked, `going` are those who go, the acceptor
    first.
    """

    id: str
    kind: Kind
    state: State
    place: str
    place_name: str
    home_id: str | None
    home_name: str | None
    device: str
    button: str
    opened_ms: int
    accepted_ms: int | None
    arrived_ms: int | None
    closed_ms: int | None
    acceptor: Named | None
    going: tuple[Named, ...]
    promised_ms: int | None
    missing: int
    rung: int
    due_ms: int | None
    told: Told | None
    allowed: tuple[str, ...]
    is_exercise: bool
    version: int


@dataclass(frozen=True, slots=True)
class JournalLine:
    """What happened, when, and by whom: a person, `elder` or `system`. `people` names the ids in `detail`."""

    id: int
    at_ms: int
    what: str
    actor: str
    actor_name: str
    detail: Mapping[str, str | int | None]
    people: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class NotificationView:
    """A message to a person (None: the duty webhook). `sent` means that the channel took it, nothing more."""

    id: str
    person: Named | None
    channel: ChannelName
    purpose: Purpose
    rung: int
    state: str
    attempts: int
    created_ms: int
    due_ms: int
    sent_ms: int | None
    error: str


@dataclass(frozen=True, slots=True)
class LivesThere:
    """Somebody who lives in the home that called; shown to responders only."""

    name: str
    born_year: int | None
    notes: str


@dataclass(frozen=True, slots=True)
class AlertDetail(AlertSummary):
    """An alert with all that is known of it."""

    journal: tuple[JournalLine, ...]
    notifications: tuple[NotificationView, ...]
    residents: tuple[LivesThere, ...]
    press_count: int


def alerts_view(
    tx: Tx,
    now_ms: int,
    *,
    states: Collection[State] = tuple(State),
    limit: int = 50,
    before_ms: int | None = None,
    asked: str | None = None,
) -> list[AlertSummary]:
    """Alerts in these states, the newest first, opened before `before_ms`.

    `asked` leaves only those that this person was asked about.
    """
    found = _found(tx, states, limit, before_ms, asked)
    calling = Calling(tx, now_ms)
    return [_summary(tx, calling, alert, tx.tellings.of_alert(alert.id)) for alert in found]


def alert_view(tx: Tx, alert_id: str, now_ms: int) -> AlertDetail:
    """One alert with journal and notifications. Raises NotFound."""
    alert = tx.alerts.get(alert_id)
    if alert is None:
        raise NotFound(what="alert", id=alert_id)
    calling = Calling(tx, now_ms)
    residents = tx.residents.residents_of([alert.home_id]).get(alert.home_id, []) if alert.home_id else []
    summary = _summary(tx, calling, alert, tx.tellings.of_alert(alert_id))
    return AlertDetail(
        **{field.name: getattr(summary, field.name) for field in fields(summary)},
        journal=tuple(_line(calling, row) for row in tx.alerts.journal(alert_id)),
        notifications=tuple(_notification(calling, one) for one in tx.notifications.of_alert(alert_id)),
        residents=tuple(LivesThere(one.name, one.born_year, one.notes) for one in residents),
        press_count=len(tx.presses.of_alert(alert_id)),
    )


def is_asked(tx: Tx, alert_id: str, person_id: str) -> bool:
    """Whether this person was ever asked about the alert, or accepted for: only then is it theirs to see and answer."""
    if any(one.person_id == person_id and one.purpose is Purpose.ASK for one in tx.notifications.of_alert(alert_id)):
        return True
    return any(row.entry.actor == person_id and row.entry.what in ACCEPTING for row in tx.alerts.journal(alert_id))


def _found(tx: Tx, states: Collection[State], limit: int, before_ms: int | None, asked: str | None) -> list[Alert]:
    """Looks page by page, but only at what is not closed when nothing else is wanted."""
    found: list[Alert] = []
    pages = _pages(tx, before_ms) if State.CLOSED in states else iter([_open(tx, before_ms)])
    for page in islice(pages, MOST_PAGES):
        found += [alert for alert in page if alert.state in states and (asked is None or is_asked(tx, alert.id, asked))]
        if len(found) >= limit:
            break
    return found[:limit]


def _open(tx: Tx, before_ms: int | None) -> list[Alert]:
    early = [one for one in tx.alerts.not_closed() if before_ms is None or one.opened_ms < before_ms]
    return sorted(early, key=lambda one: (one.opened_ms, one.id), reverse=True)


def _pages(tx: Tx, before_ms: int | None) -> Iterable[list[Alert]]:
    while page := tx.alerts.latest(PAGE, before_ms):
        yield page
        before_ms = page[-1].opened_ms


def _summary(tx: Tx, calling: Calling, alert: Alert, tellings: Collection[Telling]) -> AlertSummary:
    home = tx.places.homes([alert.home_id]).get(alert.home_id) if alert.home_id else None
    last = max(tellings, key=lambda one: one.stage_seq, default=None)
    return AlertSummary(
        id=alert.id,
        kind=alert.kind,
        state=alert.state,
        place=alert.place,
        place_name=calling.where(alert.place, None),
        home_id=alert.home_id,
        home_name=home.name if home else None,
        device=alert.device,
        button=alert.button,
        opened_ms=alert.opened_ms,
        accepted_ms=alert.accepted_ms,
        arrived_ms=alert.arrived_ms,
        closed_ms=alert.closed_ms,
        acceptor=named(calling, alert.acceptor_id),
        going=tuple(Named(one, calling.name_of(one)) for one in alert.going),
        promised_ms=alert.promised_ms,
        missing=alert.needed - len(alert.going) if alert.is_asking else 0,
        rung=alert.rung,
        due_ms=alert.due_ms,
        told=_told(calling, last) if last else None,
        allowed=tuple(allowed(alert.state)),
        is_exercise=alert.is_exercise,
        version=alert.version,
    )


def _told(calling: Calling, telling: Telling) -> Told:
    person = named(calling, telling.person_id)
    return Told(telling.stage, person, telling.minutes, telling.created_ms, telling.sent_ms)


def _line(calling: Calling, row: JournalRow) -> JournalLine:
    entry = row.entry
    mentioned = calling.people([one for one in entry.detail.values() if isinstance(one, str)])
    return JournalLine(
        id=row.id,
        at_ms=row.at_ms,
        what=entry.what,
        actor=entry.actor,
        actor_name=calling.name_of(entry.actor),
        detail=dict(entry.detail),
        people=tuple(Named(one.id, one.name) for one in mentioned.values()),
    )


def _notification(calling: Calling, one: Notification) -> NotificationView:
    return NotificationView(
        id=one.id,
        person=named(calling, one.person_id),
        channel=one.channel,
        purpose=one.purpose,
        rung=one.rung,
        state=one.state,
        attempts=one.attempts,
        created_ms=one.created_ms,
        due_ms=one.due_ms,
        sent_ms=one.sent_ms,
        error=one.error,
    )


def named(calling: Calling, person_id: str | None) -> Named | None:
    """The person with their name; None for nobody."""
    return Named(person_id, calling.name_of(person_id)) if person_id else None
