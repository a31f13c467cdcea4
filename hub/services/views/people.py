"""People as staff see them: what they answer for, how they are reached, and whether they are on shift now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from hub.domain.people import ChannelName, Duty
from hub.domain.roster import on_duty
from hub.services.ports import Tx


@dataclass(frozen=True, slots=True)
class DutyView:
    """What somebody answers for. `place` is a slug or the id of a home."""

    place: str
    place_name: str
    duty: Duty


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody who can be asked. `channels` are the ways to reach them; none means that they are never asked."""

    id: str
    name: str
    phone: str
    language: str
    duties: tuple[DutyView, ...]
    channels: tuple[ChannelName, ...]
    is_on_shift: bool


def people_view(tx: Tx, now_ms: int) -> list[PersonView]:
    """Everybody, those on shift first, then by name."""
    names = {place.slug: place.name for place in tx.places.places().values()}
    assignments = tx.people.assignments()
    names |= {one.id: one.name for one in tx.places.homes({one.place for one in assignments} - names.keys()).values()}
    duties: defaultdict[str, list[DutyView]] = defaultdict(list)
    for one in assignments:
        duties[one.person_id].append(DutyView(one.place, names.get(one.place, one.place), one.duty))
    on_shift = on_duty(tx.rota.rota(), now_ms).people
    views = [
        PersonView(
            id=person.id,
            name=person.name,
            phone=person.phone,
            language=person.language,
            duties=tuple(duties[person.id]),
            channels=tuple(dict.fromkeys(contact.channel for contact in person.contacts)),
            is_on_shift=person.id in on_shift,
        )
        for person in tx.people.people().values()
    ]
    return sorted(views, key=lambda one: (not one.is_on_shift, one.name, one.id))
