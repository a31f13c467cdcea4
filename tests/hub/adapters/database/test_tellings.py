"""What elders are to be told: unsent until published, then sent for good."""

from __future__ import annotations

from dataclasses import replace

from hub.adapters.database.database import SqliteDatabase
from hub.domain.alerts import Stage
from tests.hub.adapters.database.sample import ALERT, NOW_MS, TELLING

ACCEPTED = replace(
    TELLING, id="tell-0", stage=Stage.ACCEPTED, stage_seq=1, person_id="p1", minutes=4, created_ms=NOW_MS + 5
)


async def test_what_is_unsent_comes_in_order_and_what_is_too_old_does_not(database: SqliteDatabase) -> None:
    stale = replace(TELLING, id="tell-9", created_ms=NOW_MS - 1)
    await database.write(lambda tx: tx.alerts.add([ALERT]))
    await database.write(lambda tx: tx.tellings.add([ACCEPTED, TELLING, stale]))
    assert await database.read(lambda tx: tx.tellings.unsent(NOW_MS)) == [TELLING, ACCEPTED]


async def test_a_telling_keeps_the_first_time_at_which_it_was_sent(database: SqliteDatabase) -> None:
    await database.write(lambda tx: tx.alerts.add([ALERT]))
    await database.write(lambda tx: tx.tellings.add([TELLING, ACCEPTED]))
    await database.write(lambda tx: tx.tellings.mark_sent([TELLING.id], NOW_MS + 1))
    await database.write(lambda tx: tx.tellings.mark_sent([TELLING.id], NOW_MS + 2))
    assert await database.read(lambda tx: tx.tellings.unsent(NOW_MS)) == [ACCEPTED]
    sent = replace(TELLING, sent_ms=NOW_MS + 1)
    assert await database.read(lambda tx: tx.tellings.of_alert(ALERT.id)) == [sent, ACCEPTED]
