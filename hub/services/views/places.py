"""The community's places with how many homes and devices lie in each building."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hub.domain.places import PlaceKind
from hub.services.ports import Tx


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place. `parent` is a slug, empty for the community; `x`, `y` are metres on the plan.

    `homes` is counted for buildings, `devices` for the place itself.
    """

    slug: str
    kind: PlaceKind
    name: str
    parent: str
    x: float
    y: float
    homes: int
    devices: int


def places_view(tx: Tx) -> list[PlaceView]:
    """All places, as they are stored."""
    homes = tx.places.count_homes()
    devices = Counter(one.place for one in tx.devices.devices().values())
    return [
        PlaceView(one.slug, one.kind, one.name, one.parent, one.x, one.y, homes.get(one.slug, 0), devices[one.slug])
        for one in tx.places.places().values()
    ]
