"""Quiet hours of places: staff give a grid or a building its own, and its devices hear of it at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hub.domain.errors import Invalid, NotFound
from hub.domain.places import Place, Spans, reached
from hub.domain.quiet_hours import LOUD_PRIORITY, OWN, holding, is_quiet, span_text
from hub.domain.wall_clock import minute_of_day
from hub.services.device_settings import DeviceSettings
from hub.services.ports import AuditRow, Clock, Database, Tx


@dataclass(frozen=True, slots=True)
class QuietPlace:
    """What holds at a place. `source` is the place whose hours these are, None for those of the hub's setting."""

    place: Place
    spans: Spans
    source: Place | None

    @property
    def is_own(self) -> bool:
        """Whether they were set for this very place."""
        return self.source == self.place


class QuietTimes:
    """What staff do with quiet hours; those of the hub's setting hold wherever nobody has set others."""

    def __init__(self, database: Database, settings: DeviceSettings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    @property
    def default(self) -> Spans:
        """Those of the hub's setting."""
        return self._settings.quiet_hours

    async def all(self) -> list[QuietPlace]:
        """Every grid and building, as places are stored."""

        def job(tx: Tx) -> list[QuietPlace]:
            places = tx.places.places()
            return [self._at(places, one.slug) for one in places.values() if one.kind in OWN]

        return await self._database.read(job)

    async def get(self, slug: str) -> QuietPlace:
        """One place, of any kind. Raises NotFound."""
        return await self._database.read(lambda tx: self._at(tx.places.places(), slug))

    async def put(self, slug: str, spans: Spans | None, by: str) -> QuietPlace:
        """Gives a place its own, none at all being some of them; None has it follow the wider place again.

        Devices that are online are told at once, others when they are back. Raises NotFound, Invalid.
        """
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> QuietPlace:
            place = self._at(tx.places.places(), slug).place
            if place.kind not in OWN:
                raise Invalid("no_own_quiet_hours", place=place.name)
            tx.places.set_quiet_hours(slug, spans)
            detail = {"place": slug, "hours": None if spans is None else [span_text(one) for one in spans]}
            tx.audit.add(AuditRow(now_ms, by, "quiet_hours_set", detail))
            return self._at(tx.places.places(), slug)

        changed = await self._database.write(job)
        self._settings.look()
        return changed

    def silenced(self, tx: Tx, targets: Collection[str], priority: int, at_ms: int) -> int:
        """How many of the buildings that these places reach would not begin it then. Raises Invalid."""
        if priority >= LOUD_PRIORITY:
            return 0
        places = tx.places.places()
        minute = minute_of_day(at_ms, tx.places.community().timezone)
        spans = (holding(places, slug, self.default)[0] for slug in reached(places, targets))
        return sum(is_quiet(one, minute) for one in spans)

    def _at(self, places: dict[str, Place], slug: str) -> QuietPlace:
        if slug not in places:
            raise NotFound(what="place", id=slug)
        spans, source = holding(places, slug, self.default)
        return QuietPlace(places[slug], spans, places[source] if source else None)
