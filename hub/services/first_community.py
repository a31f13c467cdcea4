"""A hub without a community takes presses all the same: an unnamed one is there from the first moment."""

from __future__ import annotations

from hub.domain.errors import NotFound
from hub.domain.places import EVERYWHERE, Place, PlaceKind
from hub.services.ports import Community, Database, Tx

SLUG = "community"
NAMES = {"zh": "我们的社区", "en": "Our community"}
TIMEZONE = "Asia/Shanghai"


async def ensure_community(database: Database, language: str) -> Community:
    """The community of this database; one without a name of its own is made when there is none."""

    def job(tx: Tx) -> Community:
        try:
            return tx.places.community()
        except NotFound:
            community = Community(1, SLUG, NAMES[language], TIMEZONE, language)
            tx.places.create(community)
            tx.places.add_places([Place(EVERYWHERE, PlaceKind.COMMUNITY, community.name)])
            return community

    return await database.write(job)
