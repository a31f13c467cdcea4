"""红哨子: a building's loudspeakers call for help when nobody has come, and send people back once enough do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from hub.domain.alerts import Aloud
from hub.domain.announcements import RED_WHISTLE, RED_WHISTLE_PRIORITY, Kind
from hub.domain.errors import NoVoice
from hub.domain.places import Place, PlaceKind, building_of
from hub.domain.words import say
from hub.services.announce import Announcements
from hub.services.ports import Callout, Clock, CommitFailed, Database, Tx

log = structlog.get_logger()

LOOK_S = 0.5
CLAIM_MS = 15_000
"""What one hub has begun to say is left to it for so long; then, unsaid, it is said by whoever looks."""
STALE_MS = 60_000
"""What could not be said by then is not said any more: a call is repeated anyway, and stale speech is a lie."""
CALM_MS = 60_000
"""Two alerts of one place call once in so long: the sentence is the same for both."""
RECENT_MS = 180_000
"""A red whistle that nobody answers is heard again within this (ladder.py: every two minutes)."""
AT_ONCE = 200
"""Callouts taken in one transaction, and other alerts of a place looked at: hundreds are a drill or a disaster."""
REPEAT = {Aloud.CALL: 2, Aloud.ENOUGH: 1}


@dataclass(frozen=True, slots=True)
class Saying:
    """One announcement for some callouts. `stops` are earlier announcements that it takes the place of."""

    building: str
    text: str
    callouts: tuple[Callout, ...]
    stops: tuple[str, ...]


class RedWhistle:
    """Says what commits have left to be said. Nothing is handed over in memory: a crash at any instant loses nothing,
    and what was begun and not finished is said once more.
    """

    def __init__(self, database: Database, announcements: Announcements, clock: Clock) -> None:
        self._database = database
        self._announcements = announcements
        self._clock = clock

    async def run(self) -> None:
        """Looks until cancelled; a turn that fails is logged and tried again."""
        while True:
            try:
                await self.turn()
            except Exception:
                log.exception("red_whistle_turn_failed")
            await asyncio.sleep(LOOK_S)

    async def turn(self) -> None:
        """Says what is due now."""
        now_ms = self._clock.now_ms()
        next_ms = await self._database.read(lambda tx: tx.callouts.next_due_ms())
        if next_ms is None or next_ms > now_ms:
            return
        for saying in await self._database.write(lambda tx: claim(tx, now_ms)):
            await self._say(saying)

    async def _say(self, saying: Saying) -> None:
        for announcement_id in saying.stops:
            await self._announcements.stop(announcement_id, RED_WHISTLE)
        what = saying.callouts[0].what
        try:
            said = await self._announcements.announce(
                text=saying.text,
                places=[saying.building],
                kind=Kind.ORANGE.value,
                priority=RED_WHISTLE_PRIORITY,
                repeat=REPEAT[what],
                play_at_ms=None,
                by=RED_WHISTLE,
            )
            done = [replace(one, due_ms=None, announcement_id=said.id) for one in saying.callouts]
            await self._database.write(lambda tx: tx.callouts.save(done))
        except (NoVoice, CommitFailed):
            log.exception("red_whistle_not_said", building=saying.building, what=what.value)  # tried again when due


def claim(tx: Tx, now_ms: int) -> list[Saying]:
    """Takes what is to be said now, one announcement a place; what is not true any more is done without a word."""
    by_place: dict[tuple[str, Aloud], list[Callout]] = {}
    for one in tx.callouts.due(now_ms, AT_ONCE):
        by_place.setdefault((one.place, one.what), []).append(one)
    sayings = [_saying(tx, place, callouts, now_ms) for (place, _), callouts in by_place.items()]
    return [saying for saying in sayings if saying]


def _saying(tx: Tx, place: str, callouts: Sequence[Callout], now_ms: int) -> Saying | None:
    places = tx.places.places()
    building = building_of(places, place)
    mine = {one.id for one in callouts}
    recent = [one for one in tx.callouts.since(place, now_ms - RECENT_MS) if one.id not in mine]
    choose = _calls_wanted if callouts[0].what is Aloud.CALL else _ends_wanted
    fresh = [one for one in callouts if building and now_ms - one.created_ms < STALE_MS]
    wanted = choose(tx, fresh, recent, now_ms)
    kept = {one.id for one in wanted}
    said = next((one.announcement_id for one in reversed(recent) if _is_fresh_call(one, now_ms)), None)
    done = [one for one in callouts if one.id not in kept]
    tx.callouts.save([replace(one, due_ms=None, announcement_id=said) for one in done])
    if not wanted or building is None:
        return None
    tx.callouts.save([replace(one, due_ms=now_ms + CLAIM_MS) for one in wanted])
    text = say(f"aloud.{wanted[0].what}", tx.places.community().language, place=_entrance(places[place], building))
    stops = [one.announcement_id for one in recent if one.announcement_id and _is_fresh_call(one, now_ms)]
    return Saying(building.slug, text, tuple(wanted), tuple(stops) if wanted[0].what is Aloud.ENOUGH else ())


def _calls_wanted(tx: Tx, callouts: Sequence[Callout], recent: Sequence[Callout], now_ms: int) -> list[Callout]:
    """Those whose alert still asks, unless another one has just called there."""
    alerts = tx.alerts.some({one.alert_id for one in callouts})
    asking = {alert.id for alert in alerts.values() if alert.is_asking}
    called = {one.alert_id for one in recent if _is_fresh_call(one, now_ms)}
    return [one for one in callouts if one.alert_id in asking and not called - {one.alert_id}]


def _ends_wanted(tx: Tx, callouts: Sequence[Callout], recent: Sequence[Callout], _now_ms: int) -> list[Callout]:
    """Those whose alert has called, as far as is known; none while another alert of the place still calls."""
    others = tx.alerts.some(list(dict.fromkeys(one.alert_id for one in reversed(recent)))[:AT_ONCE])
    if any(alert.is_aloud and alert.is_asking for alert in others.values()):
        return []
    return [one for one in callouts if any(map(_may_have_been_said, tx.callouts.of_alert(one.alert_id)))]


def _is_fresh_call(callout: Callout, now_ms: int) -> bool:
    return callout.what is Aloud.CALL and _may_have_been_said(callout) and now_ms - callout.created_ms < CALM_MS


def _may_have_been_said(callout: Callout) -> bool:
    is_begun = callout.due_ms is not None and callout.due_ms > callout.created_ms
    return callout.what is Aloud.CALL and (callout.announcement_id is not None or is_begun)


def _entrance(place: Place, building: Place) -> str:
    """Building and entrance, as people say them; never the home."""
    if place.kind is not PlaceKind.UNIT:
        return building.name
    return place.name if place.name.startswith(building.name) else f"{building.name}{place.name}"
