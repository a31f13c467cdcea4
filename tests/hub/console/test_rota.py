"""The rota's page and a volunteer's own shifts, as a browser's requests see them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from hub.console.instants import instant_from
from hub.console.rota_week import week
from hub.domain.errors import Invalid
from hub.domain.people import Duty, Role
from hub.domain.roster import Absence, Rota, Shift, Swap, on_duty
from tests.hub.console.stage import Stage, stage
from tests.hub.console.test_pages import HTMX, OURS, signed_in
from tests.hub.services.small_community import NOON_MS

TODAY = "2025-12-01"
DESK = Shift("chen", "all", 0, 8 * 60, 16 * 60, Duty.DESK, "desk-0")
TURN = {"shift": "desk-0", "day": TODAY}


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as opened:
        await opened.services.rotas.put_shift(DESK, "desk")
        yield opened


@pytest_asyncio.fixture
async def browser(world: Stage) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.test", headers=OURS) as client:
        yield client


async def rota(world: Stage) -> Rota:
    return await world.database.read(lambda tx: tx.rota.rota())


async def at_desk(world: Stage) -> list[str]:
    now_ms = world.clock.now_ms()
    return [one.person_id for one in on_duty(await rota(world), now_ms).posts if one.duty is Duty.DESK]


async def test_the_week_shows_who_is_there_and_where_nobody_is(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    text = (await browser.get("/rota")).text
    assert "现在：陈建国" in text
    assert "00:00–08:00 没有人" in text
    assert "16:00–24:00 没有人" in text
    assert "16:00 起没有人" in text
    assert "联系得上" not in re.sub("不知道能否联系上", "", text)  # nobody has shown that they can be reached


async def test_who_is_known_not_to_be_reached_is_said_in_words(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.services.reaching.say("chen", "chen", is_here=False)
    assert "联系不上：点了“不在”" in (await browser.get("/rota")).text


@pytest.mark.parametrize("day", ["2025-12-03", "2025-12-07"])
async def test_a_day_is_shown_in_its_week(world: Stage, browser: httpx.AsyncClient, day: str) -> None:
    await signed_in(world, browser)
    text = (await browser.get(f"/rota?day={day}")).text
    assert f'href="/rota?day={day}" aria-current="date"' in text
    assert 'href="/rota?day=2025-11-24"' in text  # the week before
    assert (await browser.get("/rota?day=tomorrow")).status_code == 422


async def test_a_shift_is_swapped_for_a_part_and_put_back(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    dialog = (await browser.get(f"/rota/turn?shift=desk-0&day={TODAY}&start=480", headers=HTMX)).text
    assert "换班：谁来" in dialog
    holder = re.search(r'name="person" value="([^"]+)"', dialog)  # of the button for an absence
    assert holder
    assert f'<option value="{holder[1]}">' not in dialog
    form = {**TURN, "person": "wang", "from": "11:00", "until": "13:00", "start": "480", "key": "one"}
    for _ in range(2):
        assert (await browser.post("/rota/swap", data=form, headers=HTMX)).status_code == 204
    assert (await rota(world)).swaps == [Swap("one", "desk-0", date(2025, 12, 1), "wang", 660, 780)]
    assert await at_desk(world) == ["wang"]
    assert "代 陈建国" in (await browser.get("/rota")).text
    assert (await browser.post("/rota/restore", data=TURN, headers=HTMX)).status_code == 204
    assert await at_desk(world) == ["chen"]


async def test_a_part_after_midnight_is_meant_on_the_next_day(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.services.rotas.put_shift(Shift("chen", "all", 0, 22 * 60, 6 * 60, Duty.DESK, "night"), "desk")
    form = {"shift": "night", "day": TODAY, "person": "wang", "from": "23:00", "until": "02:00", "start": "1320"}
    await browser.post("/rota/swap", data={**form, "key": "a"}, headers=HTMX)
    await browser.post("/rota/swap", data={**form, "from": "03:00", "until": "04:00", "key": "b"}, headers=HTMX)
    assert {(one.from_minute, one.until_minute) for one in (await rota(world)).swaps} == {
        (1_380, 1_560),
        (1_620, 1_680),
    }


async def test_a_turn_is_cancelled_or_its_person_is_away_for_it(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    away = {"person": "chen", "from_ms": NOON_MS - 1, "until_ms": NOON_MS + 1, "key": "away"}
    assert (await browser.post("/rota/absence", data=away, headers=HTMX)).status_code == 204
    assert await at_desk(world) == []
    assert "请假，没有人" in (await browser.get("/rota")).text
    assert (await browser.post("/rota/absence/drop", data={"absence": "away"}, headers=HTMX)).status_code == 204
    assert await at_desk(world) == ["chen"]
    assert (await browser.post("/rota/cancel", data={**TURN, "key": "none"}, headers=HTMX)).status_code == 204
    assert await at_desk(world) == []


async def test_weekly_shifts_are_added_changed_and_removed(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    form: dict[str, object] = {"person": "li", "place": "all", "duty": "desk", "start": "16:00", "end": "00:00"}
    form |= {"weekday": ["0", "1"], "key": "new"}
    for _ in range(2):
        assert (await browser.post("/rota/shift", data=form, headers=HTMX)).status_code == 204
    added = [one for one in (await rota(world)).shifts if one.person_id == "li"]
    assert [(one.weekday, one.start_minute, one.end_minute, one.duty) for one in added] == [
        (0, 960, 0, Duty.DESK),
        (1, 960, 0, Duty.DESK),
    ]
    change = {**form, "shift": "new-1", "weekday": "1", "end": "22:00"}
    assert 'value="new-1"' in (await browser.get("/rota/shift?shift=new-1", headers=HTMX)).text
    assert (await browser.post("/rota/shift", data=change, headers=HTMX)).status_code == 204
    assert next(one for one in (await rota(world)).shifts if one.id == "new-1").end_minute == 22 * 60
    assert (await browser.post("/rota/shift/drop", data={"shift": "new-1"}, headers=HTMX)).status_code == 204
    assert "new-1" not in {one.id for one in (await rota(world)).shifts}
    only = {**form, "only": "2025-12-05", "key": "extra"}
    assert (await browser.post("/rota/shift", data=only, headers=HTMX)).status_code == 204
    assert [one.day for one in (await rota(world)).extras] == [date(2025, 12, 5)]


async def test_what_is_not_there_is_named_in_the_readers_language(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    form = {"shift": "none", "day": TODAY, "key": "k"}
    answer = await browser.post("/rota/cancel", data=form, headers=HTMX)
    assert answer.status_code == 404
    assert "找不到班次“none”" in answer.text


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("swap", {**TURN, "key": "k"}, "请选一个人"),
        ("swap", {**TURN, "person": "chen", "key": "k"}, "本来就是陈建国的"),
        ("shift", {"person": "li", "place": "all", "duty": "desk", "start": "8:00", "end": "9:00"}, "星期几"),
        ("shift", {"person": "li", "place": "all", "duty": "desk", "start": "", "end": ""}, "00:00 到 24:00"),
        ("absence", {"person": "li", "from": "2025-12-02T08:00", "until": "2025-12-02T08:00", "key": "k"}, "结束要在"),
        ("absence", {"person": "li", "from": "soon", "until": ""}, "2026-01-31"),
        ("note", {"place": "all", "duty": "helper", "text": "好"}, "只有值班台和志愿者"),
    ],
)
async def test_what_cannot_be_is_said_beside_the_form(
    world: Stage, browser: httpx.AsyncClient, path: str, form: dict[str, str], sentence: str
) -> None:
    await signed_in(world, browser)
    answer = await browser.post(f"/rota/{path}", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.text


async def test_who_may_not_act_sees_the_rota_without_buttons(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser, Role.OBSERVER)
    text = (await browser.get("/rota")).text
    assert "陈建国" in text
    assert 'hx-get="/rota' not in text
    assert (await browser.post("/rota/cancel", data={**TURN, "key": "k"}, headers=HTMX)).status_code == 403


async def test_a_note_is_left_at_the_desk_and_shown(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    dialog = (await browser.get("/rota/note?place=all&duty=desk", headers=HTMX)).text
    ends = re.search(r'name="ends_ms" value="(\d+)"', dialog)
    assert ends is not None
    assert int(ends[1]) == NOON_MS + 4 * 3_600_000
    form = {"place": "all", "duty": "desk", "ends_ms": ends[1], "text": "<b>电梯</b>在修"}
    assert (await browser.post("/rota/note", data=form, headers=HTMX)).status_code == 204
    assert "&lt;b&gt;电梯&lt;/b&gt;在修" in (await browser.get("/rota")).text


async def test_what_is_said_for_one_shift_says_nothing_of_the_next(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.services.rotas.put_shift(Shift("chen", "all", 0, 18 * 60, 20 * 60, Duty.DESK), "desk")
    await world.services.reaching.say("chen", "chen", is_here=True)
    text = re.sub(r"\s+", " ", (await browser.get("/rota")).text)
    assert re.search(r"现在：陈建国 <span[^>]*>✓ 联系得上", text)
    assert re.search(r"接着：18:00 陈建国 <span[^>]*>\? 不知道能否联系上", text)


# --- a volunteer's own page ----------------------------------------------------------------------------


async def mine(world: Stage, person_id: str = "chen") -> str:
    return f"/v/{await world.services.access.new_link(person_id)}"


async def test_my_shift_is_shown_and_i_say_that_i_am_here_or_not(world: Stage, browser: httpx.AsyncClient) -> None:
    base = await mine(world)
    assert "您正在值班：阳光花园社区，到 16:00" in (await browser.get(f"{base}/")).text
    assert (await browser.post(f"{base}/here", headers=HTMX)).status_code == 204
    assert "您点了“我在”，到 16:00" in (await browser.get(f"{base}/")).text
    assert (await browser.post(f"{base}/away", headers=HTMX)).status_code == 204
    assert "chen" in await world.database.read(lambda tx: tx.reach.unreachable())


async def test_i_ask_for_a_swap_and_staff_agree(world: Stage, browser: httpx.AsyncClient) -> None:
    base = await mine(world)
    await world.services.rotas.put_shift(Shift("wang", "all", 1, 8 * 60, 16 * 60, Duty.DESK), "desk")
    assert 'value="wang"' in (await browser.get(f"{base}/")).text
    form = {**TURN, "person": "wang", "from_minute": "480", "until_minute": "960"}
    for _ in range(2):
        assert (await browser.post(f"{base}/swap", data=form, headers=HTMX)).status_code == 204
    assert "已请 王芳 代班" in (await browser.get(f"{base}/")).text
    assert await at_desk(world) == ["chen"]
    await signed_in(world, browser)
    text = (await browser.get("/rota")).text
    assert "陈建国 想请 王芳 代班" in text
    asked = re.search(r'name="asked" value="([^"]+)"', text)
    assert asked is not None
    assert (await browser.post("/rota/request/agree", data={"asked": asked[1]}, headers=HTMX)).status_code == 204
    assert await at_desk(world) == ["wang"]


async def test_i_ask_for_nobody_elses_shift(world: Stage, browser: httpx.AsyncClient) -> None:
    base = await mine(world, "wang")
    form = {**TURN, "person": "li"}
    assert (await browser.post(f"{base}/swap", data=form, headers=HTMX)).status_code == 403


async def test_i_leave_a_note_for_the_next_who_finds_it(world: Stage, browser: httpx.AsyncClient) -> None:
    await world.services.rotas.put_shift(Shift("wang", "all", 0, 16 * 60, 22 * 60, Duty.DESK), "desk")
    assert (
        await browser.post(f"{await mine(world)}/hand-over", data={"text": "钥匙在抽屉里"}, headers=HTMX)
    ).status_code == 204
    assert "钥匙在抽屉里" in (await browser.get(f"{await mine(world, 'wang')}/")).text
    refused = await browser.post(f"{await mine(world, 'wang')}/hand-over", data={"text": "好"}, headers=HTMX)
    assert refused.status_code == 422
    assert "现在没有班" in refused.text


async def test_answering_an_alert_shows_that_i_can_be_reached(world: Stage, browser: httpx.AsyncClient) -> None:
    alert_id = await world.press()
    await browser.post(f"{await mine(world, 'wang')}/{alert_id}/decline", headers=HTMX)
    signs = await world.database.read(lambda tx: tx.reach.signs())
    assert signs["wang"].answered_ms == NOON_MS


# --- laid out ------------------------------------------------------------------------------------------


async def test_a_gap_over_midnight_is_shown_on_both_days(world: Stage) -> None:
    shown = await world.database.read(lambda tx: week(tx, None, NOON_MS, world.services.reaching.of))
    row = next(one for one in shown.rows if one.post.place == "all")
    assert [(gap.start, gap.end, gap.is_over) for gap in row.cells[0].gaps] == [(0, 480, True), (960, 1_440, False)]
    assert [(gap.start, gap.end) for gap in row.cells[1].gaps] == [(0, 1_440)]


def test_typed_times_are_meant_by_the_communitys_clock() -> None:
    assert instant_from("2025-12-01T12:00", "Asia/Shanghai") == NOON_MS
    with pytest.raises(Invalid):
        instant_from("", "Asia/Shanghai")


async def test_an_absence_without_a_shift_is_listed_with_what_nobody_answers_for(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    await world.services.rotas.put_absence(Absence("a", "wang", NOON_MS, NOON_MS + 1), "desk")
    text = (await browser.get("/rota")).text
    assert "这周请假的" in text
    assert "17栋 楼栋长" in text
