"""When one way to somebody has failed, the same goes by their next one, in the transaction that stores the failure."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.alerts import Alert, Purpose
from hub.domain.contacting import next_way
from hub.domain.people import Contact, Person
from hub.domain.sendings import is_hopeless
from hub.services.ports import Notification, Tx
from hub.services.recording import Recording


def go_on(recording: Recording, tx: Tx, alert: Alert, outcomes: Sequence[Notification]) -> bool:
    """Sends by the next way what has failed; whether somebody is asked anew by it. `outcomes` are stored already."""
    failed = {
        (one.person_id, one.purpose): one
        for one in outcomes
        if one.person_id and is_hopeless(one) and (alert.is_asking or one.purpose is not Purpose.ASK)
    }
    if not failed:
        return False
    stored = tx.notifications.of_alert(alert.id)
    people = recording.calling.people([one.person_id for one in failed.values() if one.person_id])
    is_asking_anew = False
    for one in failed.values():
        person = people.get(one.person_id or "")
        contact = _next(recording, alert, person, one, stored) if person else None
        if person and contact:
            recording.notify_by(alert, person, contact, one)
            is_asking_anew |= one.purpose is Purpose.ASK
    return is_asking_anew


def _next(
    recording: Recording, alert: Alert, person: Person, one: Notification, stored: Sequence[Notification]
) -> Contact | None:
    """Of this round: what an earlier round of the same rung has tried is tried again."""
    round_of = [
        each
        for each in stored
        if (each.person_id, each.purpose, each.rung) == (one.person_id, one.purpose, one.rung)
        and each.created_ms >= one.created_ms
    ]
    tried = {Contact(each.channel, each.address) for each in round_of}
    hopeless = {Contact(each.channel, each.address) for each in round_of if is_hopeless(each)}
    ways = recording.ways(alert, person, one.rung) if one.purpose is Purpose.ASK else person.contacts
    return next_way(ways, tried, hopeless)
