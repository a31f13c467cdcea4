"""Writes the example community into an empty database."""

from __future__ import annotations

from hub.domain.errors import Invalid, NotFound
from hub.services.example.community import example
from hub.services.example.single_days import single_days
from hub.services.ports import Clock, Database, Tx


async def fill_with_example(database: Database, clock: Clock) -> None:
    """Stores all of it in one transaction; raises Invalid (`data_not_empty`) where there is a community already."""
    values, now_ms = example(), clock.now_ms()
    days = single_days(values, now_ms)

    def job(tx: Tx) -> None:
        if has_community(tx):
            raise Invalid("data_not_empty")
        tx.places.create(values.community)
        tx.places.add_places(values.places)
        tx.places.add_homes(values.homes)
        tx.residents.add_residents(values.residents)
        tx.people.add_people(values.people)
        tx.people.add_assignments(values.assignments)
        tx.people.add_groups(values.groups)
        tx.ladders.add(values.ladders)
        tx.rota.add_shifts(values.shifts)
        tx.rota.put([days.swap, days.absence], now_ms)
        tx.rota.put_hand_over(days.note)
        tx.devices.add_devices(values.devices)
        tx.devices.add_buttons(values.buttons)

    await database.write(job)


def has_community(tx: Tx) -> bool:
    """Whether something was stored before, which must not be mixed with what is invented."""
    try:
        tx.places.community()
    except NotFound:
        return False
    return True
