"""Quiet hours and noise budgets of places: staff give a grid or a building its own, its devices hear of it at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from hub.domain import noise_budget
from hub.domain.errors import Invalid, NotFound
from hub.domain.places import Place, Spans, building_of, reached
from hub.domain.quiet_hours import LOUD_PRIORITY, OWN, holding, is_quiet, span_text
from hub.domain.wall_clock import MINUTE_MS, day_begin_ms, minute_of_day
from hub.services.device_settings import DeviceSettings
from hub.services.ports import AuditRow, Clock, Database, Tx


@dataclass(frozen=True, slots=True)
class QuietPlace:
    """What holds at a place. `source` is the place whose hours these are, None for those of the hub's setting;
    `budget_source` likewise of `budget_min`, minutes at full level a day (0: no limit)."""

    place: Place
    spans: Spans
    source: Place | None
    budget_min: int
    budget_source: Place | None

    @property
    def is_own(self) -> bool:
        """Whether the hours were set for this very place."""
        return self.source == self.place

    @property
    def has_own_budget(self) -> bool:
        """Whether the budget was set for this very place."""
        return self.budget_source == self.place


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

    @property
    def default_budget_min(self) -> int:
        """That of the hub's setting."""
        return self._settings.noise_budget_min

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
        hours = None if spans is None else [span_text(one) for one in spans]

        def change(tx: Tx) -> None:
            tx.places.set_quiet_hours(slug, spans)

        return await self._put(slug, change, "quiet_hours", {"hours": hours}, by)

    async def put_budget(self, slug: str, minutes: int | None, by: str) -> QuietPlace:
        """As `put`: its own noise budget, 0 being no limit; None has it follow the wider place again."""

        def change(tx: Tx) -> None:
            tx.places.set_noise_budget(slug, minutes)

        return await self._put(slug, change, "noise_budget", {"minutes": minutes}, by)

    def silenced(self, tx: Tx, targets: Collection[str], priority: int, at_ms: int) -> int:
        """How many of the buildings that these places reach would not begin it then. Raises Invalid."""
        if priority >= LOUD_PRIORITY:
            return 0
        places = tx.places.places()
        minute = minute_of_day(at_ms, tx.places.community().timezone)
        spans = (holding(places, slug, self.default)[0] for slug in reached(places, targets))
        return sum(is_quiet(one, minute) for one in spans)

    def overdrawn(self, tx: Tx, targets: Collection[str], priority: int, long_ms: int, at_ms: int) -> int:
        """How many of the buildings that these places reach would not begin it then, since so much more is not left of
        that day's noise budget: as far as their devices have reported, at the volume of their settings. Raises Invalid.
        """
        places = tx.places.places()
        slugs = set(reached(places, targets))
        if priority >= LOUD_PRIORITY:
            return 0
        timezone = tx.places.community().timezone
        used_ms = tx.announcements.sounded(day_begin_ms(at_ms, timezone))
        over = set()
        for one in tx.devices.configured():
            budget_min, _ = noise_budget.holding(places, one.place, self.default_budget_min)
            building = building_of(places, one.place)
            whole_ms = used_ms.get(one.id, 0) + long_ms * one.volume
            if building is not None and budget_min and whole_ms > budget_min * MINUTE_MS:
                over.add(building.slug)
        return len(over & slugs)

    async def _put(
        self, slug: str, change: Callable[[Tx], None], what: str, detail: dict[str, object], by: str
    ) -> QuietPlace:
        now_ms = self._clock.now_ms()

        def job(tx: Tx) -> QuietPlace:
            place = self._at(tx.places.places(), slug).place
            if place.kind not in OWN:
                raise Invalid(f"no_own_{what}", place=place.name)
            change(tx)
            tx.audit.add(AuditRow(now_ms, by, f"{what}_set", {"place": slug, **detail}))
            return self._at(tx.places.places(), slug)

        changed = await self._database.write(job)
        self._settings.look()
        return changed

    def _at(self, places: dict[str, Place], slug: str) -> QuietPlace:
        if slug not in places:
            raise NotFound(what="place", id=slug)
        spans, source = holding(places, slug, self.default)
        budget_min, other = noise_budget.holding(places, slug, self.default_budget_min)
        return QuietPlace(places[slug], spans, places.get(source), budget_min, places.get(other))
