"""What points to whether people can be reached, stored and read again."""

from __future__ import annotations

from hub.adapters.database.database import SqliteDatabase
from hub.domain.people import ChannelName
from hub.domain.reachability import Outcome, Said
from hub.services.ports import StoredSigns, Tx
from tests.hub.adapters.database.sample import NOW_MS

NTFY, PAGE = ChannelName.NTFY, ChannelName.PAGE
HERE, AWAY = Said(True, NOW_MS, NOW_MS + 1), Said(False, NOW_MS + 2, NOW_MS + 3)
TAKEN, FAILED = Outcome(True, NOW_MS), Outcome(False, NOW_MS + 5)


async def test_the_newest_of_each_sign_is_kept(database: SqliteDatabase) -> None:
    assert await database.read(lambda tx: tx.reach.signs()) == {}

    def job(tx: Tx) -> None:
        for said in (HERE, AWAY):
            tx.reach.say("p1", said)
        tx.reach.answered("p1", NOW_MS)
        tx.reach.answered("p1", NOW_MS + 1)
        tx.reach.outcomes({("p1", NTFY): TAKEN, ("p2", NTFY): TAKEN})
        tx.reach.outcomes({("p1", NTFY): FAILED, ("p1", PAGE): TAKEN})
        tx.reach.outcomes({})

    await database.write(job)
    assert await database.read(lambda tx: tx.reach.signs()) == {
        "p1": StoredSigns(AWAY, NOW_MS + 1, {NTFY: FAILED, PAGE: TAKEN}),
        "p2": StoredSigns(outcomes={NTFY: TAKEN}),
    }


async def test_who_is_known_not_to_be_reached_is_replaced_as_a_whole(database: SqliteDatabase) -> None:
    for people in ({"p1", "p2"}, {"p2"}, set[str]()):
        await database.write(lambda tx, people=people: tx.reach.set_unreachable(people))  # type: ignore[misc]
        assert await database.read(lambda tx: tx.reach.unreachable()) == people
