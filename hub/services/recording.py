"""Writes what steps have made of alerts: state, journal, what the elder is told and who is sent what, together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.domain.alerts import Alert, Audience, Entry, Inform, Kind, Purpose, Step, Tell, rung_failed
from hub.domain.contacting import first_ways
from hub.domain.ladder import DEFAULT, Ladder, Reach, Reaching, Rung, Unasked, Who
from hub.domain.people import ChannelName, Contact, Person
from hub.domain.sendings import has_rung_failed
from hub.domain.wall_clock import minute_of_day
from hub.domain.words import say
from hub.services.calling import Calling
from hub.services.ports import NO_PAGE_OPEN, Callout, Message, Notification, Telling, Tx
from hub.services.sentences import Spoken, spoken
from wire.ids import new_id

AT_HAND = DEFAULT[0]
"""Who is told what the duty desk should know: the desk, and whoever is at hand when it is not there."""
FAMILY = Rung((Who.FAMILY,), 0)
CLAIM_MS = 5_000
"""A fresh notification is the hub's that wrote it for so long; then, unsent, it is anybody's who looks for due rows."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How this hub calls people: `ladder` where none is stored; `webhook` is the duty webhook's address or empty.

    `is_page_open` says whether a person has a page open now; it is called from any thread. `channels` are the ways
    that this hub has (None: all); a contact of another is passed over.
    """

    ladder: Ladder
    webhook: str = ""
    is_page_open: Callable[[str], bool] = field(default=lambda person_id: True)
    channels: frozenset[ChannelName] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A stored notification with the message that goes with it."""

    notification: Notification
    message: Message


@dataclass(frozen=True, slots=True)
class Committed:
    """What a transaction made true and others still have to act on once it is committed."""

    alerts: tuple[Alert, ...] = ()
    tellings: tuple[Spoken, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()


@dataclass(slots=True)
class _Touched:
    stored_version: int | None
    alert: Alert


class Recording:
    """Collects the steps of one transaction and writes them in as few statements as there are tables.

    Several steps of one alert are one change of its row: its version rises by one.
    """

    def __init__(self, tx: Tx, policy: Policy, now_ms: int) -> None:
        self._tx = tx
        self._policy = policy
        self._now_ms = now_ms
        self.calling = Calling(tx, now_ms, channels=policy.channels)
        self._touched: dict[str, _Touched] = {}
        self._journal: list[tuple[str, int, Entry]] = []
        self._tellings: list[Telling] = []
        self._notifications: list[tuple[Notification, Alert]] = []
        self._callouts: list[Callout] = []
        self._presses: dict[str, list[str]] = {}

    def current(self, alert: Alert) -> Alert:
        """The alert as the steps of this transaction have left it."""
        touched = self._touched.get(alert.id)
        return touched.alert if touched else alert

    def around(self, alert: Alert) -> tuple[str, ...]:
        """The places whose people answer for this alert, the narrowest first."""
        return self.calling.around(alert.place, alert.home_id)

    def ladder(self, alert: Alert) -> Ladder:
        """The ladder that holds for the alert at this moment."""
        return self.calling.ladder(self.around(alert), alert.kind, self._policy.ladder)

    def reaching(self, alert: Alert) -> Reaching:
        """How many people each rung of the alert's ladder reaches; a rung is looked at when it is asked for."""
        ladder, around = self.ladder(alert), self.around(alert)

        def reach(index: int) -> Reach:
            return self.calling.reach(ladder[index], around)

        return reach

    def unasked(self, alert: Alert) -> Unasked:
        """Whether a rung of the alert's ladder reaches somebody who has not been asked to go, and does not go."""
        ladder, around = self.ladder(alert), self.around(alert)
        known = {*self._tx.notifications.asked(alert.id), *alert.going}

        def is_unasked(index: int) -> bool:
            return not known.issuperset(self.calling.asked(ladder[index], around))

        return is_unasked

    def add(self, step: Step, *, is_new: bool = False, press_ids: Sequence[str] = ()) -> Alert:
        """Takes a step in; gives the alert as it is then. A step that changed nothing leaves no trace."""
        if not step.is_change:
            return self.current(step.alert)
        alert = step.alert
        touched = self._touched.get(alert.id)
        if touched:
            touched.alert = alert
        else:
            self._touched[alert.id] = _Touched(None if is_new else alert.version, alert)
        self._presses.setdefault(alert.id, []).extend(press_ids)
        self._journal += [(alert.id, self._now_ms, entry) for entry in step.entries]
        self._tellings += [self._telling(alert, tell) for tell in step.tells]
        earlier = len(self._notifications)
        if is_new and self._policy.webhook:
            self._notify(alert, alert.rung, None, Contact(ChannelName.WEBHOOK, self._policy.webhook), Purpose.ASK, None)
        if step.asks:
            self._ask(alert, step.asks)
            if has_rung_failed(alert, [one for one, _ in self._notifications[earlier:]]):
                self.add(rung_failed(alert, alert.rung, self.ladder(alert), self._now_ms))
        if step.aloud:
            callout = Callout(new_id(self._now_ms), alert.id, alert.place, step.aloud, self._now_ms, self._now_ms)
            self._callouts.append(callout)
        for inform in step.informs:
            self.inform(alert, self._audience(alert, inform), inform)
        return self.current(alert)

    def inform(self, alert: Alert, person_ids: Sequence[str], inform: Inform) -> None:
        """Lets these people know; the alert itself does not change by it."""
        people = self.calling.people(person_ids)
        stored = self._tx.notifications.of_alert(alert.id) if people else []
        worked = {(one.person_id, Contact(one.channel, one.address)) for one in stored if one.state == "sent"}
        for person in people.values():
            ways = first_ways(person.contacts, [one for one in person.contacts if (person.id, one) in worked])
            for contact in ways:
                self._notify(alert, alert.rung, person, contact, inform.purpose, inform.person_id)

    def write(self) -> Committed:
        """Writes all of it into the transaction; raises Changed when another hub was faster."""
        new = [one.alert for one in self._touched.values() if one.stored_version is None]
        changed = [
            replace(one.alert, version=one.stored_version + 1)
            for one in self._touched.values()
            if one.stored_version is not None
        ]
        settled = {one.id for one in changed if not one.is_asking}
        self._tx.alerts.add(new)
        self._tx.alerts.update(changed)
        self._tx.alerts.add_journal(self._journal)
        self._tx.tellings.add(self._tellings)
        self._tx.callouts.add(self._callouts)
        self._tx.notifications.add([one for one, _ in self._notifications])
        if settled:  # also those that an earlier step of this transaction has just made
            self._tx.notifications.drop_asks(settled)
        outgoing = tuple(
            Outgoing(one, message_for(one, alert, self.calling, self._presses.get(alert.id, ())))
            for one, alert in self._notifications
            if one.state == "due" and not (one.purpose is Purpose.ASK and alert.id in settled)
        )
        return Committed((*new, *changed), tuple(spoken(self._tx, self.calling, self._tellings)), outgoing)

    def _telling(self, alert: Alert, tell: Tell) -> Telling:
        return Telling(
            id=new_id(self._now_ms),
            alert_id=alert.id,
            device=alert.device,
            button=alert.button,
            stage=tell.stage,
            stage_seq=tell.stage_seq,
            person_id=tell.person_id,
            minutes=tell.minutes,
            created_ms=self._now_ms,
        )

    def _ask(self, alert: Alert, rungs: Sequence[int]) -> None:
        """Asks the people of these rungs, each for the last that names them, by the first of the ways that any allows.

        A person's request carries that rung: by it is seen which rung has failed, and which way comes next.
        """
        ladder, around = self.ladder(alert), self.around(alert)
        named = {person_id: index for index in rungs for person_id in self.calling.asked(ladder[index], around)}
        for person in self.calling.people([one for one in named if one not in alert.going]).values():
            naming = [ladder[index] for index in rungs if person.id in self.calling.asked(ladder[index], around)]
            for contact in first_ways(_ways(person, naming)):
                self._notify(alert, named[person.id], person, contact, Purpose.ASK, None)

    def _audience(self, alert: Alert, inform: Inform) -> Sequence[str]:
        match inform.audience:
            case Audience.ACCEPTOR:
                return [inform.person_id] if inform.person_id else []
            case Audience.GOING:
                return [one for one in alert.going if one != inform.person_id]
            case Audience.DESK:
                return self.calling.asked(AT_HAND, self.around(alert))
            case Audience.FAMILY:
                return self.calling.asked(FAMILY, self.around(alert))
            case Audience.ASKED:
                # Whatever is known of a request, it may have arrived unobserved: thanks that nobody needed are better
                # than somebody who runs for nothing.
                stored = self._tx.notifications.of_alert(alert.id)
                asked = (one.person_id for one in stored if one.purpose is Purpose.ASK and one.state != "dropped")
                return [one for one in dict.fromkeys(asked) if one and one not in alert.going]

    def ways(self, alert: Alert, person: Person, rung: int) -> list[Contact]:
        """The ways by which this rung of the alert's ladder, and those before it that name the person, reach them."""
        ladder, around = self.ladder(alert), self.around(alert)
        last = min(rung, len(ladder) - 1)
        earlier = [one for one in ladder[:last] if person.id in self.calling.asked(one, around)]
        return _ways(person, [*earlier, ladder[last]])

    def notify_by(self, alert: Alert, person: Person, contact: Contact, failed: Notification) -> None:
        """Sends the same as `failed`, for the same rung, by another way."""
        self._notify(alert, failed.rung, person, contact, failed.purpose, failed.about_person_id)

    def _notify(
        self, alert: Alert, rung: int, person: Person | None, contact: Contact, purpose: Purpose, about: str | None
    ) -> None:
        is_closed = contact.channel is ChannelName.PAGE and person and not self._policy.is_page_open(person.id)
        notification = Notification(
            id=new_id(self._now_ms),
            alert_id=alert.id,
            person_id=person.id if person else None,
            channel=contact.channel,
            address=contact.address,
            purpose=purpose,
            about_person_id=about,
            rung=rung,
            created_ms=self._now_ms,
            due_ms=self._now_ms + CLAIM_MS,
            state="failed" if is_closed else "due",
            attempts=1 if is_closed else 0,
            error=NO_PAGE_OPEN if is_closed else "",
        )
        self._notifications.append((notification, alert))


def _ways(person: Person, rungs: Sequence[Rung]) -> list[Contact]:
    """The person's ways that some of these rungs allows, in the person's order."""
    return [one for one in person.contacts if any(one in rung.ways_to(person) for rung in rungs)]


def message_for(notification: Notification, alert: Alert, calling: Calling, press_ids: Sequence[str]) -> Message:
    """What this notification says, in its reader's language: where, and nothing of why (locked screens are public)."""
    reader = calling.people([notification.person_id]) if notification.person_id else {}
    language = next(iter(reader.values())).language if reader else calling.community.language
    place = calling.where(alert.place, alert.home_id)
    text = say(
        _key(notification, alert),
        language,
        place=place,
        name=calling.name_of(notification.about_person_id),
        at=_promised(notification, calling),
    )
    body: Mapping[str, object] = {
        "alert_id": alert.id,
        "button": alert.button,
        "place": alert.place,
        "press_ids": list(press_ids),
        "say": text,
        "opened_at_ms": alert.opened_ms,
    }
    return Message(alert.id, place, text, body)


def _promised(notification: Notification, calling: Calling) -> str:
    """The time of day that was promised in the reader's name; empty where the message speaks of none."""
    if notification.purpose is not Purpose.ACCEPTED_FOR:
        return ""
    promised_ms = calling.promised_ms(notification.alert_id, notification.person_id) or notification.created_ms
    return "{:02}:{:02}".format(*divmod(minute_of_day(promised_ms, calling.community.timezone), 60))


def _key(notification: Notification, alert: Alert) -> str:
    if notification.purpose is Purpose.ASK and alert.kind is not Kind.CALL:
        return f"{notification.purpose}.{alert.kind}"
    return notification.purpose.value
