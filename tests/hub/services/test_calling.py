"""Who would be called right now: the community as one transaction sees it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from hub.domain.ladder import DEFAULT, Reach
from hub.domain.people import Assignment, Duty
from hub.services.calling import Calling
from hub.services.ports import Tx
from tests.hub.services.press_rig import PressRig, press_rig


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("place", "home_id", "expected"),
    [
        ("building-1", "home-1-101", (["li", "wang"], ["chen"], ["sun"], ["wang", "li", "chen", "sun"])),
        ("building-1", None, (["wang"], ["chen"], ["sun"], ["wang", "chen", "sun"])),
        ("building-1-unit-1", None, (["wang"], ["chen"], ["sun"], ["wang", "chen", "sun"])),
        ("building-3", None, ([], ["sun"], ["sun"], ["sun"])),
        ("nowhere", None, ([], [], ["sun"], ["sun"])),
    ],
)
async def test_each_rung_asks_those_who_answer_for_the_place(
    rig: PressRig, place: str, home_id: str | None, expected: tuple[list[str], ...]
) -> None:
    def job(tx: Tx) -> None:
        calling = Calling(tx, rig.clock.now_ms())
        around = calling.around(place, home_id)
        assert tuple(list(calling.asked(rung, around)) for rung in DEFAULT) == expected
        reaches = [Reach.ENOUGH if asked else Reach.NOBODY for asked in expected]
        assert [calling.reach(rung, around) for rung in DEFAULT] == reaches

    await rig.read(job)


async def test_whoever_cannot_be_reached_in_any_way_makes_no_rung_full(rig: PressRig) -> None:
    await rig.database.write(
        lambda tx: tx.people.add_assignments([Assignment("zhao", "building-3", Duty.BUILDING_HEAD)])
    )

    def job(tx: Tx) -> None:
        calling = Calling(tx, rig.clock.now_ms())
        assert calling.asked(DEFAULT[0], calling.around("building-3", None)) == ()

    await rig.read(job)


async def test_reading_for_many_alerts_at_once_gives_what_reading_for_each_gives(rig: PressRig) -> None:
    def job(tx: Tx) -> None:
        alone, together = Calling(tx, rig.clock.now_ms()), Calling(tx, rig.clock.now_ms())
        places = [("building-1", "home-1-101"), ("building-2", None), ("building-3", None), ("nowhere", "no-home")]
        around = [together.around(*one) for one in places]
        together.prefetch(around)
        for one in around:
            assert [together.asked(rung, one) for rung in DEFAULT] == [alone.asked(rung, one) for rung in DEFAULT]

    await rig.read(job)


async def test_a_place_is_called_what_people_call_it_and_an_erased_person_nothing(rig: PressRig) -> None:
    def job(tx: Tx) -> None:
        calling = Calling(tx, rig.clock.now_ms())
        assert calling.where("building-1", "home-1-101") == "1栋101室"
        assert calling.where("building-1", "gone") == "1栋"
        assert calling.where("nowhere", None) == "阳光社区"
        assert (calling.name_of("wang"), calling.name_of("gone"), calling.name_of(None)) == ("王芳", "", "")

    await rig.read(job)
