"""The pages as a browser's requests see them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from hub.console.labels import LABELS
from hub.console.pages import STATIC
from hub.console.reasons import told
from hub.console.seen import PAST
from hub.domain.announcements import Reached
from hub.domain.devices import SAYS_ONLINE, Device
from hub.domain.errors import NotFound
from hub.domain.findings import Finding
from hub.domain.people import Role
from hub.services.desk_watch import WATCHED_MS
from hub.services.served import SESSION_COOKIE
from hub.services.views import alert_view, heard
from tests.hub.console.stage import PASSWORD, Stage, stage
from tests.hub.services.small_community import FakeClock
from wire.messages import Gesture, Receipt, ReceiptState, StateAt

OURS = {"Sec-Fetch-Site": "same-origin"}
HTMX = {**OURS, "HX-Request": "true"}
PAGES = ("/desk", "/broadcast", "/quiet-hours", "/map", "/rota", "/devices", "/score", "/heard", "/ladders")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def browser(world: Stage) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.test", headers=OURS) as client:
        yield client


async def signed_in(world: Stage, browser: httpx.AsyncClient, role: Role = Role.STAFF) -> None:
    await world.services.access.add_account(name="新人", username="someone", password=PASSWORD, role=role)
    answer = await browser.post("/sign-in", data={"username": "someone", "password": PASSWORD})
    assert answer.status_code == 303


# --- the way in ----------------------------------------------------------------------------------------


async def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    answer = await browser.post("/sign-in", data={"username": "zhou", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))


async def test_a_wrong_password_is_said_beside_the_form_and_the_name_stays(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-in", data={"username": "zhou", "password": "wrong"})
    assert answer.status_code == 422
    assert "用户名或密码不对" in answer.text
    assert 'value="zhou"' in answer.text


async def test_sign_in_leads_back_to_our_pages_only(browser: httpx.AsyncClient) -> None:
    for bad in ("//evil.test", "https://evil.test", "/\\evil.test"):
        form = {"username": "zhou", "password": PASSWORD, "next": bad}
        assert (await browser.post("/sign-in", data=form)).headers["location"] == "/desk"


@pytest.mark.parametrize("page", PAGES)
async def test_nobody_sees_a_page_without_signing_in(browser: httpx.AsyncClient, page: str) -> None:
    answer = await browser.get(page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={page}")
    assert (await browser.get(f"/live{page}", headers=HTMX)).status_code == 401


async def test_after_signing_out_the_session_is_of_no_use(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    secret = browser.cookies[SESSION_COOKIE]
    await browser.post("/sign-out")
    assert (await browser.get("/desk", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})).status_code == 303


async def test_a_token_of_a_program_is_no_sign_in(world: Stage, browser: httpx.AsyncClient) -> None:
    issued = await world.services.access.new_token(role=Role.ADMIN, name="a program")
    assert (await browser.get("/desk", headers={"Cookie": f"{SESSION_COOKIE}={issued.secret}"})).status_code == 303


async def test_the_first_start_makes_the_first_account_once(tmp_path: Path) -> None:
    async with (
        stage(tmp_path, has_account=False, has_places=False) as world,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=world.app), base_url="https://hub.test", headers=OURS
        ) as browser,
    ):
        assert (await browser.get("/")).headers["location"] == "/welcome"
        form = {"community": "幸福里", "name": "周丽华", "username": "zhou", "password": "short"}
        refused = await browser.post("/welcome", data=form)
        assert refused.status_code == 422
        assert 'value="幸福里"' in refused.text
        done = await browser.post("/welcome", data={**form, "password": PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/desk")
        for page in PAGES:
            assert (await browser.get(page)).status_code == 200
        assert (await browser.get("/welcome")).status_code == 303
        assert (await browser.post("/welcome", data={**form, "password": PASSWORD})).status_code == 422


# --- safety --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://hub.test"},
    ],
)
async def test_a_change_that_another_site_asks_for_is_refused(
    world: Stage, browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    answer = await browser.post(f"/alerts/{alert_id}/note", data={"text": "x"}, headers=headers)
    assert answer.status_code == 403


async def test_an_old_browser_is_known_by_its_origin(world: Stage, browser: httpx.AsyncClient) -> None:
    del browser.headers["Sec-Fetch-Site"]
    form = {"username": "zhou", "password": PASSWORD}
    assert (await browser.post("/sign-in", data=form)).status_code == 403
    assert (await browser.post("/sign-in", data=form, headers={"Origin": "https://evil.test"})).status_code == 403
    assert (await browser.post("/sign-in", data=form, headers={"Origin": "https://hub.test"})).status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/desk", "/nowhere", "/static/console.css"])
async def test_every_answer_carries_the_headers(browser: httpx.AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_what_people_write_is_text_and_never_markup(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    await browser.post(f"/alerts/{alert_id}/note", data={"text": "<script>alert(1)</script>"}, headers=HTMX)
    page = (await browser.get(f"/alerts/{alert_id}")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


async def test_no_page_holds_a_script_or_a_style_of_its_own(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.press()
    for page in PAGES:
        text = (await browser.get(page)).text
        assert text.count("<script") == text.count('<script src="')
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text


# --- the desk ------------------------------------------------------------------------------------------


async def test_the_desk_shows_where_who_and_what_comes_next(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.press()
    text = (await browser.get("/desk")).text
    for shown in ("17栋2单元502室", "刘奶奶", "李强", "王芳", "已收到，正在叫人", "网格长、在岗志愿者"):
        assert shown in text


async def test_what_is_not_accepted_comes_first_then_the_more_urgent(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    service = await world.press("dd-44", "stairs", Gesture.SERVICE)
    taken = await world.press("dd-31", "101")
    await world.services.alerts.accept(taken, "guli", 5)
    call = await world.press()
    text = (await browser.get("/desk")).text
    places = [text.index(f'id="alert-{one}"') for one in (call, service, taken)]
    assert places == sorted(places)


async def test_accepting_for_somebody_names_that_person(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    dialog = (await browser.get(f"/alerts/{alert_id}/accept", headers=HTMX)).text
    assert "欧阳慕容雪莲" in dialog
    answer = await browser.post(f"/alerts/{alert_id}/accept", data={"by": "ouyang", "eta_minutes": "5"}, headers=HTMX)
    assert answer.status_code == 204
    assert "acted" in answer.headers["hx-trigger"]
    alert = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
    assert alert.acceptor is not None
    assert (alert.acceptor.id, alert.state) == ("ouyang", "accepted")


@pytest.mark.parametrize("first", [None, "li"])
async def test_whoever_is_accepted_for_without_having_been_asked_hears_it_and_has_the_card(
    world: Stage, browser: httpx.AsyncClient, first: str | None
) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('guli')}"
    assert "17栋2单元502室" not in (await browser.get(f"{base}/")).text
    if first:
        await world.services.alerts.accept(alert_id, first, 3)
    await browser.post(f"/alerts/{alert_id}/accept", data={"by": "guli", "eta_minutes": "10"}, headers=HTMX)
    told = {one.message.text for one in world.outside.outgoing if one.notification.person_id == "guli"}
    assert told == {"值班台替您答应了：请在12:10前到17栋2单元502室。去不了，请马上告诉值班台。"}
    page = (await browser.get(f"{base}/")).text
    assert "17栋2单元502室" in page
    assert "到了" in page
    assert "guli" not in (await browser.get(f"/alerts/{alert_id}/accept", headers=HTMX)).text  # goes already
    assert (await browser.post(f"{base}/{alert_id}/arrive", headers=HTMX)).status_code == 204


def offered(answer: httpx.Response) -> dict[str, str]:
    """The fields by which the page offers to take the step back."""
    assert answer.status_code == 204
    undo: dict[str, str] = json.loads(answer.headers["hx-trigger"])["acted"]["undo"]
    return undo


async def test_every_step_of_the_desk_can_be_taken_back_for_a_while(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    accept, close = {"by": "ouyang", "eta_minutes": "5"}, {"outcome": "误按", "seen": "conversation"}
    for steps in (("accept",), ("accept", "arrive"), ("accept", "arrive", "close")):
        for step in steps:
            form = {"accept": accept, "close": close}.get(step, {})
            answer = await browser.post(f"/alerts/{alert_id}/{step}", data=form, headers=HTMX)
        assert (await browser.post("/desk/undo", data=offered(answer), headers=HTMX)).status_code == 204
        if steps[-1] == "arrive":
            await browser.post(f"/alerts/{alert_id}/reopen", headers=HTMX)
        alert = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
        assert alert.state == "open"
    page = (await browser.get(f"/alerts/{alert_id}")).text
    assert [word in page for word in ("撤销接单", "撤销“到了”", "撤销结束")] == [True] * 3


async def test_what_was_pressed_long_ago_is_not_taken_back(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    form = {"by": "ouyang", "eta_minutes": "5"}
    undo = offered(await browser.post(f"/alerts/{alert_id}/accept", data=form, headers=HTMX))
    assert isinstance(world.clock, FakeClock)
    world.clock.ms += 30_000
    answer = await browser.post("/desk/undo", data=undo, headers=HTMX)
    assert answer.status_code == 422
    assert "来不及撤销" in answer.text


async def test_a_backup_is_no_step_to_take_back(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    await world.services.alerts.accept(alert_id, "guli", 5)
    form = {"by": "ouyang", "eta_minutes": "5"}
    assert offered(await browser.post(f"/alerts/{alert_id}/accept", data=form, headers=HTMX)) is None


async def test_a_step_that_is_not_possible_is_a_sentence_in_the_readers_language(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    answer = await browser.post(f"/alerts/{alert_id}/reopen", headers=HTMX)
    assert answer.status_code == 409
    assert "没人接" in answer.text
    assert "重新叫人" in answer.text
    assert "<html" not in answer.text
    browser.cookies.set("language", "en")
    assert "Nobody yet" in (await browser.post(f"/alerts/{alert_id}/reopen", headers=HTMX)).text


async def test_closing_unseen_needs_a_reason(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    form = {"outcome": "误按", "seen": "override"}
    assert (await browser.post(f"/alerts/{alert_id}/close", data=form, headers=HTMX)).status_code == 422
    form["reason"] = "家属来电"
    assert (await browser.post(f"/alerts/{alert_id}/close", data=form, headers=HTMX)).status_code == 204
    assert "误按" in (await browser.get("/desk")).text


async def test_a_note_sent_twice_is_written_once(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    for _ in range(2):
        await browser.post(f"/alerts/{alert_id}/note", data={"text": "已打电话", "key": "one"}, headers=HTMX)
    assert (await browser.get(f"/alerts/{alert_id}")).text.count("已打电话") == 1


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.TECHNICIAN, Role.VOLUNTEER])
async def test_who_may_not_act_gets_no_buttons_and_no_way_around(
    world: Stage, browser: httpx.AsyncClient, role: Role
) -> None:
    await signed_in(world, browser, role)
    alert_id = await world.press()
    assert f"/alerts/{alert_id}/accept" not in (await browser.get("/desk")).text
    form = {"by": "ouyang", "eta_minutes": "5"}
    assert (await browser.post(f"/alerts/{alert_id}/accept", data=form, headers=HTMX)).status_code == 403
    assert (await browser.get(f"/alerts/{alert_id}/accept", headers=HTMX)).status_code == 403
    announcement = {"text": "停水", "kind": "routine", "places": "all"}
    assert (await browser.post("/broadcast", data=announcement, headers=HTMX)).status_code == 403


async def test_an_alert_that_nobody_knows_is_a_page_that_says_so(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    answer = await browser.get("/alerts/nothing")
    assert answer.status_code == 404
    assert "找不到" in answer.text


async def test_trouble_of_the_hub_itself_is_on_every_page(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    world.trouble.append("unrecorded_presses")
    for page in PAGES:
        assert "有呼叫没有存下来" in (await browser.get(page)).text


# --- the broadcast desk --------------------------------------------------------------------------------


async def test_before_sending_the_desk_says_how_far_it_reaches(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    form = {"text": "今晚有大风", "kind": "red", "repeat": "2", "places": ["grid-1", "building-3", "building-69"]}
    text = (await browser.post("/broadcast/check", data=form, headers=HTMX)).text
    assert "向 10 栋播出" in text
    assert "其中 1 台现在联系不上" in text
    assert "最大音量" in text
    assert not world.publisher.sent


async def test_an_announcement_goes_out_once_however_often_the_form_is_sent(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    form = {"text": "今晚有大风", "kind": "routine", "repeat": "1", "places": ["building-1"], "key": "one"}
    first = await browser.post("/broadcast", data=form, headers=HTMX)
    again = await browser.post("/broadcast", data=form, headers=HTMX)
    assert first.headers["hx-redirect"] == again.headers["hx-redirect"]
    assert sum(topic.startswith("place/") for topic in world.publisher.topics()) == 1


RED = {"text": "马上离开地下室", "kind": "red", "repeat": "1", "places": ["grid-1"], "key": "red"}


async def test_a_red_one_waits_on_every_page_for_a_second_person_who_sends_it(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    made = await world.services.announcements.announce(
        text="马上离开地下室", places=["grid-1"], kind="red", repeat=1, play_at_ms=None, by="desk"
    )
    for page in PAGES:
        text = (await browser.get(page)).text
        assert "值班员 周丽华 要向 第一网格 播出" in text
        assert "马上离开地下室" in text
        assert f'hx-post="/broadcast/{made.id}/confirm"' in text
        assert f'hx-post="/broadcast/{made.id}/stop"' in text
    assert not [topic for topic in world.publisher.topics() if topic.startswith("place/")]
    answer = await browser.post(f"/broadcast/{made.id}/confirm", headers=HTMX)
    assert json.loads(answer.headers["hx-trigger"])["acted"]["say"] == "已经播出 ✓"
    assert [topic for topic in world.publisher.topics() if topic.startswith("place/")] == ["place/xingfuli/grid-1"]
    assert "立即播出" not in (await browser.get("/desk")).text
    assert re.search(r"新人 \d\d:\d\d:\d\d 确认，马上播出", (await browser.get(f"/broadcast/{made.id}")).text)


async def test_whoever_made_it_can_cancel_it_and_is_not_offered_to_confirm(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    address = (await browser.post("/broadcast", data=RED, headers=HTMX)).headers["hx-redirect"]
    text = (await browser.get(address)).text
    assert "您要向 第一网格 播出" in text
    assert "取消播出" in text
    assert f'hx-post="{address}/confirm"' not in text
    refused = await browser.post(f"{address}/confirm", headers=HTMX)
    assert refused.status_code == 403
    assert "另一位同事" in refused.text
    answer = await browser.post(f"{address}/stop", headers=HTMX)
    assert json.loads(answer.headers["hx-trigger"])["acted"]["say"] == "已取消，没有播出 ✓"
    text = (await browser.get(address)).text
    assert re.search(r"新人 \d\d:\d\d:\d\d 取消，没有播出", text)
    assert "等第二个人" not in text
    assert "等网络恢复再发" not in text
    assert not [topic for topic in world.publisher.topics() if topic.startswith("place/")]


async def test_who_may_only_look_sees_what_is_held_and_cannot_decide(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser, Role.OBSERVER)
    made = await world.services.announcements.announce(
        text="马上离开地下室", places=["grid-1"], kind="red", repeat=1, play_at_ms=None, by="desk"
    )
    text = (await browser.get("/map")).text
    assert "马上离开地下室" in text
    assert "/confirm" not in text
    for step in ("confirm", "stop"):
        assert (await browser.post(f"/broadcast/{made.id}/{step}", headers=HTMX)).status_code == 403


async def test_an_exercise_is_shown_before_sending_as_it_will_be_heard_and_afterwards_as_what_it_is(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    form = {**RED, "status": "exercise"}
    dialog = (await browser.post("/broadcast/check", data=form, headers=HTMX)).text
    assert "这是演习，不是真的。马上离开地下室" in dialog
    assert 'name="status" value="exercise"' in dialog
    assert "最大音量" not in dialog
    assert ">马上离开地下室</textarea>" in dialog  # what is sent on is what was written
    address = (await browser.post("/broadcast", data=form, headers=HTMX)).headers["hx-redirect"]
    for page in (address, "/broadcast"):
        text = (await browser.get(page)).text
        assert '<span class="chip unreal">演习</span>' in text
        assert "【演习】马上离开地下室" in text
    head, *rows = list(csv.reader(io.StringIO((await browser.get(f"{address}/heard.csv")).text)))
    assert {row[head.index("真的还是演习")] for row in rows} == {"演习"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": ""}, "通知是空的"),
        ({"places": []}, "请至少选一个地方"),
        ({"when": "later", "at": "2020-01-01T09:00"}, "已经过了"),
        ({"text": "停水😀"}, "读不出来"),
        ({"repeat": "many"}, "看不懂"),
    ],
)
async def test_what_cannot_be_announced_is_said_beside_the_form(
    world: Stage, browser: httpx.AsyncClient, change: dict[str, object], sentence: str
) -> None:
    await signed_in(world, browser)
    form = {"text": "停水", "kind": "routine", "repeat": "1", "places": ["all"], **change}
    answer = await browser.post("/broadcast/check", data=form, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.text


async def test_a_time_is_meant_in_the_communitys_zone(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    form = {"text": "停水", "kind": "routine", "places": ["all"], "when": "later", "at": "2025-12-01T15:30"}
    text = (await browser.post("/broadcast/check", data=form, headers=HTMX)).text
    assert 'name="play_at_ms" value="1764574200000"' in text  # 2025-12-01 07:30 UTC


@pytest.mark.parametrize(("kind", "is_told"), [("routine", True), ("yellow", True), ("orange", False)])
async def test_before_sending_the_desk_says_where_it_is_quiet_then(
    world: Stage, browser: httpx.AsyncClient, kind: str, *, is_told: bool
) -> None:
    await signed_in(world, browser)
    await world.services.quiet.put("building-1", (), "zhou")
    form = {"text": "停水", "kind": kind, "places": ["building-1", "building-2", "building-3"]}
    assert (
        "其中 2 栋那时是安静时段" in (await browser.post("/broadcast/check", data=form, headers=HTMX)).text
    ) is is_told
    later = {**form, "when": "later", "at": "2025-12-01T15:30"}
    assert "安静时段" not in (await browser.post("/broadcast/check", data=later, headers=HTMX)).text


async def test_before_sending_or_speaking_the_desk_says_where_too_little_of_the_day_is_left(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    await world.services.quiet.put_budget("building-1", 1, "zhou")
    form = {"text": "停水" * 150, "kind": "routine", "places": ["building-1", "building-2"]}
    sentence = "其中 1 栋那天能播的时长剩得不够"
    assert sentence in (await browser.post("/broadcast/check", data=form, headers=HTMX)).text
    for change in ({"kind": "red"}, {"text": "停水"}, {"places": ["building-2"]}):
        assert sentence not in (await browser.post("/broadcast/check", data={**form, **change}, headers=HTMX)).text
    speech = {"urgency": "notice", "places": ["building-1"]}
    asked = (await browser.post("/broadcast/microphone/check", data=speech, headers=HTMX)).text
    assert "能播的时长已经播完" not in asked  # anything that is left is enough to begin


async def test_before_speaking_the_desk_says_where_it_is_quiet_now(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    for urgency, is_told in (("notice", True), ("fire", False)):
        form = {"urgency": urgency, "places": ["grid-1"]}
        text = (await browser.post("/broadcast/microphone/check", data=form, headers=HTMX)).text
        assert ("现在是安静时段，听不到" in text) is is_told


async def test_an_announcement_says_which_quiet_hours_kept_a_building_silent(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    form = {"text": "停水", "kind": "routine", "places": ["building-1"], "key": "one"}
    address = (await browser.post("/broadcast", data=form, headers=HTMX)).headers["hx-redirect"]
    announcement_id = address.removeprefix("/broadcast/")
    [device] = [
        part.device for part in await world.database.read(lambda tx: tx.announcements.progress(announcement_id))
    ]
    states = [StateAt(state=ReceiptState.SUPPRESSED, at_ms=world.clock.now_ms())]
    receipt = Receipt(announcement_id=announcement_id, states=states, reason="quiet hours 12:00-14:00")
    await world.services.announcements.received([(device, receipt)])
    assert isinstance(world.clock, FakeClock)
    world.clock.ms += 60_000
    assert "那里的安静时段是 12:00-14:00" in (await browser.get(address)).text
    assert "那里的安静时段是 12:00-14:00" in (await browser.get(f"{address}/heard.csv")).text


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("quiet hours 07:30-07:30", "那里的安静时段是 全天"),
        ("quiet hours 20:00-07:30", "那里的安静时段是 20:00-07:30"),
        (
            "noise budget 60 min a day, 58.3 min used",
            "那里一天最多播 60 分钟，已经播了 58.3 分钟，剩下的不够播这一条",
        ),
        ("2.0 s of it did not sound", "中间有 2.0 秒没有响"),
        ("after 3.1 s", "播了 3.1 秒"),
        ("the device restarted while it sounded", "播到一半，设备重新启动了"),
        ("no file", "no file"),
    ],
)
def test_a_reason_that_is_known_is_told_in_the_readers_language(reason: str, sentence: str) -> None:
    assert told(reason, "zh") == sentence


# --- quiet hours ---------------------------------------------------------------------------------------

QUIET: dict[str, Any] = {
    "place": "building-1",
    "how": "hours",
    "begins": ["13:00", "", "21:30"],
    "ends": ["14:30", "", "06:00"],
}


async def test_a_building_gets_its_own_quiet_hours_and_loses_them_again(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    answer = await browser.post("/quiet-hours", data=QUIET)
    assert (answer.status_code, answer.headers["location"]) == (303, "/quiet-hours?place=building-1#all-title")
    assert (await world.services.quiet.get("building-1")).spans == ((780, 870), (1290, 360))
    text = (await browser.get("/quiet-hours?place=building-1")).text
    assert "21:30-06:00" in text
    assert 'value="06:00"' in text
    await browser.post("/quiet-hours", data={**QUIET, "how": "never"})
    assert (await world.services.quiet.get("building-1")).spans == ()
    await browser.post("/quiet-hours", data={**QUIET, "how": "wider"})
    assert not (await world.services.quiet.get("building-1")).is_own


@pytest.mark.parametrize("hours", [(["00:00"], ["00:00"]), (["06:00", "22:00"], ["22:00", "06:00"])])
async def test_the_whole_day_is_stored_only_once_somebody_says_that_it_is_meant(
    world: Stage, browser: httpx.AsyncClient, hours: tuple[list[str], list[str]]
) -> None:
    await signed_in(world, browser)
    data = {**QUIET, "begins": hours[0], "ends": hours[1]}
    asked = await browser.post("/quiet-hours", data=data)
    assert asked.status_code == 422
    assert "这样是全天安静" in asked.text
    assert 'name="is_sure"' in asked.text
    assert not (await world.services.quiet.get("building-1")).is_own
    assert "这里从来不响" not in asked.text
    assert (await browser.post("/quiet-hours", data={**data, "is_sure": "on"})).status_code == 303
    assert (await world.services.quiet.get("building-1")).is_own
    assert "这里从来不响" in (await browser.get("/quiet-hours")).text


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"begins": ["13:00"], "ends": [""]}, 422, "看不懂"),
        ({"begins": ["13:00"] * 9, "ends": ["14:00"] * 9}, 422, "最多写8段"),
        ({"begins": ["", ""], "ends": ["", ""]}, 422, "就选“没有”"),
        ({"place": "building-999"}, 404, "找不到"),
        ({"place": ""}, 404, "找不到"),
        ({"place": "all"}, 422, "请选网格或楼栋"),
    ],
)
async def test_quiet_hours_that_cannot_be_are_said_with_what_to_do(
    world: Stage, browser: httpx.AsyncClient, change: dict[str, Any], status: int, sentence: str
) -> None:
    await signed_in(world, browser)
    answer = await browser.post("/quiet-hours", data={**QUIET, **change})
    assert answer.status_code == status
    assert sentence in answer.text
    typed = {**QUIET, **change}
    assert all(f'value="{at}"' in answer.text for at in (*typed["begins"], *typed["ends"]))
    assert not any(one.is_own for one in await world.services.quiet.all())


async def test_a_building_gets_its_own_noise_budget_and_loses_it_again(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    answer = await browser.post("/quiet-hours/budget", data={"place": "building-1", "minutes": "45"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/quiet-hours?place=building-1#all-title")
    assert (await world.services.quiet.get("building-1")).budget_min == 45
    text = (await browser.get("/quiet-hours?place=building-1")).text
    assert "45 分钟" in text
    assert 'name="minutes" type="number" min="0" max="1440" step="1" value="45"' in text
    await browser.post("/quiet-hours/budget", data={"place": "building-1", "minutes": "0"})
    own = await world.services.quiet.get("building-1")
    assert (own.budget_min, own.has_own_budget, own.is_own) == (0, True, False)
    await browser.post("/quiet-hours/budget", data={"place": "building-1", "minutes": " "})
    assert not (await world.services.quiet.get("building-1")).has_own_budget


@pytest.mark.parametrize(
    ("place", "minutes", "status", "sentence"),
    [
        ("building-1", "-1", 422, "0 到 1440"),
        ("building-1", "1441", 422, "0 到 1440"),
        ("building-1", "一小时", 422, "0 到 1440"),
        ("", "30", 404, "找不到"),
        ("all", "30", 422, "请选网格或楼栋"),
    ],
)
async def test_a_noise_budget_that_cannot_be_is_said_with_what_to_do(
    world: Stage, browser: httpx.AsyncClient, place: str, minutes: str, status: int, sentence: str
) -> None:
    await signed_in(world, browser)
    answer = await browser.post("/quiet-hours/budget", data={"place": place, "minutes": minutes})
    assert answer.status_code == status
    assert sentence in answer.text
    assert f'value="{minutes}"' in answer.text
    assert not any(one.has_own_budget for one in await world.services.quiet.all())


async def test_who_only_looks_on_sees_quiet_hours_and_cannot_change_them(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser, Role.OBSERVER)
    text = (await browser.get("/quiet-hours")).text
    assert "12:00-14:00" in text
    assert '<form class="card stack quiet-form"' not in text
    assert (await browser.post("/quiet-hours", data=QUIET)).status_code == 403
    budget = {"place": "building-1", "minutes": "1"}
    assert (await browser.post("/quiet-hours/budget", data=budget)).status_code == 403


async def test_a_stop_is_sent_and_shown(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    form = {"text": "今晚有大风", "kind": "routine", "places": ["all"], "key": "one"}
    address = (await browser.post("/broadcast", data=form, headers=HTMX)).headers["hx-redirect"]
    assert "停止" in (await browser.get(address)).text
    assert (await browser.post(f"{address}/stop", headers=HTMX)).status_code == 204
    assert "已停止" in (await browser.get(address)).text


async def test_everything_is_stopped_with_one_button_that_is_there_while_there_is_anything(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    assert "全部停止" not in (await browser.get("/broadcast")).text
    later = str(world.clock.now_ms() + 86_400_000)
    form = {"text": "明天有大风", "kind": "routine", "places": ["all"], "play_at_ms": later, "key": "planned"}
    planned = (await browser.post("/broadcast", data=form, headers=HTMX)).headers["hx-redirect"]
    for n in range(PAST):
        over = {"text": "停水", "kind": "routine", "places": ["all"], "key": str(n)}
        address = (await browser.post("/broadcast", data=over, headers=HTMX)).headers["hx-redirect"]
        await browser.post(f"{address}/stop", headers=HTMX)
    text = (await browser.get("/broadcast")).text
    assert "全部停止" in text
    assert f'href="{planned}"' in text
    assert (await browser.post("/broadcast/stop", headers=HTMX)).status_code == 204
    assert "已停止" in (await browser.get(planned)).text
    assert "全部停止" not in (await browser.get("/broadcast")).text
    assert (await browser.post("/broadcast/stop", follow_redirects=False)).headers["location"] == "/broadcast"


async def test_the_desk_shows_what_became_of_each_message(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    stored = await world.database.read(lambda tx: tx.notifications.of_alert(alert_id))
    waiting, failed = (one for one in stored if one.person_id == "li")
    changed = [
        replace(waiting, state="due", attempts=2, sent_ms=None, due_ms=world.clock.now_ms() + 4_000, error="HTTP 503"),
        replace(failed, state="failed", attempts=1, sent_ms=None, error="no page open"),
    ]
    await world.database.write(lambda tx: tx.notifications.save(changed))
    for address in ("/desk", f"/alerts/{alert_id}"):
        text = (await browser.get(address)).text
        assert "12:00:04 试第 3 次" in text
        assert "HTTP 503" in text
        assert "网页没有开着" in text
        assert "已发出 12:00:00" in text


async def test_the_report_draws_what_the_journal_says_with_a_table_beside(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    assert isinstance(world.clock, FakeClock)
    for wait_ms in (20_000, 80_000):
        alert_id = await world.press()
        world.clock.ms += wait_ms
        await world.services.alerts.accept(alert_id, "wang", 5)
        await world.services.alerts.close(alert_id, "wang", "好", "conversation")
    text = (await browser.get("/score?days=7")).text
    assert 'aria-label="60 秒 50%，90 秒 100%"' in text
    assert text.count('<svg class="plot"') == 3
    assert "0:20 / 1:20" in text
    assert (await browser.get("/score?days=0")).status_code == 422


async def test_a_desk_with_sound_is_known_to_be_watched(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    await world.press()
    assert isinstance(world.clock, FakeClock)
    world.clock.ms += WATCHED_MS
    assert "没有一个值班台开着声音" in (await browser.get("/map")).text
    assert (await browser.post("/desk/watched")).status_code == 204
    assert world.services.desk_watch.is_watched
    assert "没有一个值班台开着声音" not in (await browser.get("/map")).text


# --- the volunteer's page ------------------------------------------------------------------------------


async def test_a_volunteer_sees_and_answers_only_what_they_were_asked(world: Stage, browser: httpx.AsyncClient) -> None:
    mine, other = await world.press(), await world.press("dd-44", "stairs")
    base = f"/v/{await world.services.access.new_link('wang')}"
    text = (await browser.get(f"{base}/")).text
    assert "17栋2单元502室" in text
    assert "44栋" not in text
    assert (await browser.post(f"{base}/{other}/accept", data={"eta_minutes": "3"}, headers=HTMX)).status_code == 404
    assert (await browser.post(f"{base}/{mine}/accept", data={"eta_minutes": "3"}, headers=HTMX)).status_code == 204
    assert "到了" in (await browser.get(f"{base}/")).text


async def test_looking_at_the_volunteers_page_changes_nothing(world: Stage, browser: httpx.AsyncClient) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    before = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
    for address in (base, f"{base}/", f"{base}/{alert_id}/accept", f"{base}/{alert_id}/arrive"):
        await browser.get(address)
    after = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
    assert before == after


async def test_a_personal_link_that_is_not_known_is_refused_and_opens_no_staff_page(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    assert (await browser.get("/v/nothing/")).status_code == 401
    secret = await world.services.access.new_link("wang")
    assert (await browser.get("/desk", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})).status_code == 303


async def test_an_arrival_kept_by_a_phone_without_network_is_told_with_its_own_time(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    await browser.post(f"{base}/{alert_id}/accept", data={"eta_minutes": "3"}, headers=HTMX)
    made_ms = world.clock.now_ms() - 5 * 60_000
    await browser.post(f"{base}/{alert_id}/arrive", data={"made_ms": str(made_ms)}, headers=HTMX)
    alert = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
    assert alert.state == "arrived"
    assert "11:55:00" in str(alert.journal[-1].detail["text"])


@pytest.mark.parametrize(("step", "said"), [("arrive", "“到了”"), ("close", "“完成”（已帮忙解决）")])
async def test_a_kept_step_that_comes_too_late_is_refused_in_words_and_its_time_stays_in_the_journal(
    world: Stage, browser: httpx.AsyncClient, step: str, said: str
) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    await browser.post(f"{base}/{alert_id}/accept", data={"eta_minutes": "3"}, headers=HTMX)
    await world.services.alerts.close(alert_id, "desk", "误按", "conversation")
    kept = {"made_ms": str(world.clock.now_ms() - 30_000), "outcome": "已帮忙解决"}
    for _ in range(2):  # the answer to the first may be lost on the way
        answer = await browser.post(f"{base}/{alert_id}/{step}", data=kept, headers=HTMX)
        assert answer.status_code == 422
        assert "没有算上：现在是“已结束”" in answer.text
        assert "请打电话告诉值班台" in answer.text
    journal = await world.database.read(lambda tx: tx.alerts.journal(alert_id))
    notes = [str(row.entry.detail["text"]) for row in journal if row.entry.what == "note"]
    assert len(notes) == 1
    assert f"{said}是 11:59:30 按的" in notes[0]


async def test_who_comes_later_than_promised_has_the_button_and_a_kept_arrival_counts_with_its_time(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    assert f'hx-post="{alert_id}/arrive"' not in (await browser.get(f"{base}/")).text
    await browser.post(f"{base}/{alert_id}/accept", data={"eta_minutes": "3"}, headers=HTMX)
    await world.services.alerts.reopen(alert_id, "desk")
    assert f'hx-post="{alert_id}/arrive"' in (await browser.get(f"{base}/")).text
    made_ms = str(world.clock.now_ms() - 5 * 60_000)
    answer = await browser.post(f"{base}/{alert_id}/arrive", data={"made_ms": made_ms}, headers=HTMX)
    assert answer.status_code == 204
    alert = await world.database.read(lambda tx: alert_view(tx, alert_id, world.clock.now_ms()))
    assert (alert.state, alert.journal[-1].detail["text"]) == (
        "arrived",
        "手机没有网络：“到了”是 11:55:00 按的，现在才送到",
    )


async def test_a_time_that_cannot_be_is_written_nowhere(world: Stage, browser: httpx.AsyncClient) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    await world.services.alerts.close(alert_id, "desk", "误按", "conversation")
    before = await world.database.read(lambda tx: tx.alerts.journal(alert_id))
    for made_ms in (world.clock.now_ms() + 1, world.clock.now_ms() - 25 * 3_600_000):
        answer = await browser.post(f"{base}/{alert_id}/arrive", data={"made_ms": str(made_ms)}, headers=HTMX)
        assert answer.status_code == 409
    assert await world.database.read(lambda tx: tx.alerts.journal(alert_id)) == before


async def test_finishing_twice_succeeds_as_its_answer_may_have_been_lost(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    await browser.post(f"{base}/{alert_id}/accept", data={"eta_minutes": "3"}, headers=HTMX)
    await browser.post(f"{base}/{alert_id}/arrive", headers=HTMX)
    kept = {"made_ms": str(world.clock.now_ms() - 120_000), "outcome": "已帮忙解决"}
    for _ in range(2):
        assert (await browser.post(f"{base}/{alert_id}/close", data=kept, headers=HTMX)).status_code == 204


async def test_a_volunteer_finishes_only_after_an_arrival(world: Stage, browser: httpx.AsyncClient) -> None:
    alert_id = await world.press()
    base = f"/v/{await world.services.access.new_link('wang')}"
    done = {"outcome": "已帮忙解决"}
    await browser.post(f"{base}/{alert_id}/accept", data={"eta_minutes": "3"}, headers=HTMX)
    assert (await browser.post(f"{base}/{alert_id}/close", data=done, headers=HTMX)).status_code == 409
    await browser.post(f"{base}/{alert_id}/arrive", headers=HTMX)
    assert (await browser.post(f"{base}/{alert_id}/close", data=done, headers=HTMX)).status_code == 204


async def test_a_backup_may_withdraw_is_gone_from_the_desk_then_and_may_go_again(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    alert_id = await world.press()
    await world.services.alerts.accept(alert_id, "wang", 5)
    base = f"/v/{await world.services.access.new_link('li')}"
    accept = {"eta_minutes": "5"}
    await browser.post(f"{base}/{alert_id}/accept", data=accept, headers=HTMX)
    assert "后备：李强" in (await browser.get("/desk")).text
    assert f'hx-post="{alert_id}/withdraw"' in (await browser.get(f"{base}/")).text
    answer = await browser.post(f"{base}/{alert_id}/withdraw", headers=HTMX)
    assert json.loads(answer.headers["hx-trigger"])["acted"]["say"] == "已送达 ✓ 您不用去了，去的人够了"
    assert "后备" not in (await browser.get("/desk")).text
    page = (await browser.get(f"{base}/")).text
    assert "几分钟到" in page
    assert "您是后备" not in page
    await browser.post(f"{base}/{alert_id}/accept", data=accept, headers=HTMX)
    assert "后备：李强" in (await browser.get("/desk")).text


async def test_the_page_is_in_the_volunteers_own_language(world: Stage, browser: httpx.AsyncClient) -> None:
    base = f"/v/{await world.services.access.new_link('wang')}"
    browser.cookies.set("language", "en")
    assert 'lang="en"' in (await browser.get(f"{base}/")).text
    browser.cookies.clear()
    assert 'lang="zh-CN"' in (await browser.get(f"{base}/")).text


# --- how the pages are liked ---------------------------------------------------------------------------


async def test_language_and_size_are_kept_and_lead_back(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/taste", data={"language": "en", "back": "/sign-in"})
    assert answer.headers["location"] == "/sign-in"
    await browser.post("/taste", data={"size": "huge"})
    text = (await browser.get("/sign-in")).text
    assert 'lang="en" data-size="huge"' in text


def test_scripts_and_styles_are_within_their_budget() -> None:
    files = [*STATIC.glob("*.css"), *STATIC.glob("js/*.js"), *STATIC.glob("vendor/*.js")]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= 40 * 1024


# --- ladders -------------------------------------------------------------------------------------------

NIGHT = {
    "rungs": "2",
    "version": "0",
    "name": "夜间",
    "place": "grid-1",
    "hours": "some",
    "from": "22:00",
    "to": "06:30",
    "who-0": ["helper", "desk"],
    "wait-0": "30",
    "needed-0": "2",
    "who-1": ["everyone"],
    "wait-1": "120",
    "channel-1": ["ntfy"],
}


async def test_a_ladder_is_written_in_a_form_and_shown_in_sentences(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    saved = await browser.post("/ladders/night", data=NIGHT)
    assert (saved.status_code, saved.headers["location"]) == (303, "/ladders#night")
    rule, _ = await world.services.ladders.get("night")
    assert (rule.from_minute, rule.to_minute, rule.version) == (22 * 60, 6 * 60 + 30, 1)
    assert [(rung.needed, rung.wait_ms) for rung in rule.rungs] == [(2, 30_000), (1, 120_000)]
    text = " ".join(re.sub("<[^>]*>", "", (await browser.get("/ladders")).text).split())
    for shown in ("夜间", "22:00–06:30", "先叫 结对帮扶、值班台，要 2 个人接，等 30 秒。", "每 2 分钟 再叫一遍"):
        assert shown in text
    changed = await browser.post("/ladders/night", data={**NIGHT, "version": "1", "do": "drop"})
    assert changed.status_code == 303
    assert "夜间" not in (await browser.get("/ladders")).text


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ("add", [("helper", "desk"), ("everyone",), ("on_shift",)]),
        ("up:1", [("everyone",), ("helper", "desk")]),
        ("down:0", [("everyone",), ("helper", "desk")]),
        ("up:0", [("helper", "desk"), ("everyone",)]),
        ("down:1", [("helper", "desk"), ("everyone",)]),
        ("remove:0", [("everyone",)]),
        ("remove:9", [("helper", "desk"), ("everyone",)]),
    ],
)
async def test_rungs_are_added_moved_and_removed_without_any_script(
    world: Stage, browser: httpx.AsyncClient, do: str, expected: list[tuple[str, ...]]
) -> None:
    await signed_in(world, browser)
    text = (await browser.post("/ladders/night", data={**NIGHT, "do": do})).text
    ticked = re.findall(r'name="who-(\d+)" value="(\w+)" checked', text)
    found = [tuple(who for index, who in ticked if int(index) == rung) for rung in range(len(expected))]
    assert found == expected
    assert 'value="夜间"' in text
    with pytest.raises(NotFound):
        await world.services.ladders.get("night")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"who-0": []}, "第1级没有写叫谁"),
        ({"name": " "}, "请写上名字"),
        ({"place": "nowhere"}, "没有“nowhere”这个地方"),
    ],
)
async def test_a_ladder_that_cannot_be_stored_says_why_and_keeps_what_was_written(
    world: Stage, browser: httpx.AsyncClient, wrong: dict[str, object], sentence: str
) -> None:
    await signed_in(world, browser)
    answer = await browser.post("/ladders/night", data={**NIGHT, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="06:30"' in answer.text


async def test_who_would_be_called_is_answered_for_a_home_and_an_hour(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser)
    text = (await browser.get("/ladders?home=17栋2单元502&at=2025-12-01T03:00&kind=call")).text
    assert "17栋2单元502室" in text
    assert "李强" in text
    assert "150 秒 后" in text
    assert "没有找到这户" in (await browser.get("/ladders?home=99栋")).text
    assert (await browser.get("/ladders?home=17栋&at=soon")).status_code == 200


async def test_the_desk_says_how_many_are_still_missing_and_who_is_called_next(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser)
    await browser.post(
        "/ladders/two", data={**NIGHT, "place": "all", "hours": "all", "who-0": ["helper", "building_head"]}
    )
    alert = await world.press()
    await world.services.alerts.accept(alert, "wang", 4)
    text = " ".join(re.sub("<[^>]*>", "", (await browser.get("/desk")).text).split())
    assert "还差 1 个人，" in text
    assert "替人接单" in text
    assert "后叫 红哨子" in text
    await world.services.alerts.accept(alert, "li", 4)
    text = " ".join(re.sub("<[^>]*>", "", (await browser.get("/desk")).text).split())
    assert "还差" not in text
    assert "替人接单" not in text
    assert "还没到，就重新叫人" in text


async def test_an_observer_may_not_change_a_ladder(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser, Role.OBSERVER)
    assert (await browser.post("/ladders/night", data=NIGHT)).status_code == 403


# --- sent, played and heard -----------------------------------------------------------------------------


async def announced(world: Stage, parts: Sequence[tuple[int, Reached, bool]], wrong: Mapping[int, Finding]) -> str:
    """An announcement to everybody that is over, and what became of it."""
    one = await world.services.announcements.announce(
        text="=今天停水", places=["all"], kind="notice", repeat=1, play_at_ms=None, by="desk"
    )
    await world.progress(one.id, parts, wrong)
    assert isinstance(world.clock, FakeClock)
    world.clock.ms += 60_000
    return one.id


WRONG = dict(enumerate(list(Finding)[1:], 1))
"""A building for each thing that can be wrong."""


async def test_an_announcement_shows_what_is_wrong_in_each_building_and_what_to_do(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    one = await announced(world, [(6, Reached.PLAYED, False), (60, Reached.PLAYED, True)], WRONG)
    await signed_in(world, browser)
    page = (await browser.get(f"/broadcast/{one}")).text
    for finding in WRONG.values():
        assert LABELS["finding"][finding.value] in page
        assert LABELS["next"][finding.value] in page
    assert page.count("播完，没听到</span>") >= 5
    numbers = re.findall(r"<b>(\d+)</b><span class=.muted.> / 69", page)
    assert numbers == ["69", "66", "60"]


async def test_who_has_not_told_its_end_is_called_silent_only_when_the_announcement_is_over(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    one = await announced(world, [(60, Reached.PLAYED, True), (3, Reached.FAILED, False)], {})
    assert isinstance(world.clock, FakeClock)
    announcement = await world.database.read(lambda tx: tx.announcements.get(one))
    assert announcement is not None
    await signed_in(world, browser)
    world.clock.ms = announcement.play_at_ms + 1
    page = (await browser.get(f"/broadcast/{one}")).text
    assert "没有好好听到的：3" in page
    assert LABELS["next"]["sent"] not in page
    world.clock.ms += 600_000
    page = (await browser.get(f"/broadcast/{one}")).text
    assert "没有好好听到的：9" in page
    assert LABELS["next"]["sent"] in page


async def test_the_report_claims_heard_only_where_a_microphone_said_so(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await announced(world, [(6, Reached.PLAYED, False), (60, Reached.PLAYED, True)], WRONG)
    await signed_in(world, browser)
    page = (await browser.get("/heard?days=7")).text
    assert re.findall(r"<dd>(\d+)</dd>", page) == ["69", "69", "66", "60"]
    assert "有通知没听到的：9" in page
    assert (await browser.get("/heard?days=0")).status_code == 422


async def test_the_table_to_download_holds_every_building_and_computes_nothing(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    one = await announced(world, [(1, Reached.PLAYED, False), (60, Reached.PLAYED, True)], {1: Finding.DISTORTED})
    await signed_in(world, browser)
    for address in ("/heard.csv?days=1", f"/broadcast/{one}/heard.csv"):
        answer = await browser.get(address)
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content.startswith(b"\xef\xbb\xbf")
        head, *rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert (len(rows), head[6:9]) == (69, ["发出", "播完", "听到"])
        assert rows[0][1].startswith("'=")
        assert rows[0][6:] == ["1", "1", "0", "播完，没听到", "声音是破的", "", LABELS["next"]["distorted"]]
        assert rows[1][6:10] == ["1", "1", "1", "听到了"]


async def test_the_table_to_download_leaves_out_none_of_the_days_that_were_asked_for(
    world: Stage, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard, "MOST", 1)
    for _ in range(3):
        await announced(world, [(1, Reached.PLAYED, True)], {})
    await signed_in(world, browser)
    assert "通知太多" in (await browser.get("/heard?days=1")).text
    rows = list(csv.reader(io.StringIO((await browser.get("/heard.csv?days=1")).content.decode("utf-8-sig"))))
    assert len(rows) == 1 + 3 * 69


async def test_reports_are_not_for_volunteers(world: Stage, browser: httpx.AsyncClient) -> None:
    await signed_in(world, browser, Role.VOLUNTEER)
    for address in ("/heard", "/heard.csv", "/live/heard"):
        assert (await browser.get(address)).status_code == 403


def _at(device: str, now_ms: int) -> Device:
    """The device, heard from just now."""
    return Device(device, device.replace("dd", "building"), state=SAYS_ONLINE, heard_ms=now_ms)


async def test_the_map_tells_sent_played_and_heard_apart_and_later_the_link_again(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await announced(world, [(1, Reached.PLAYED, True), (1, Reached.PLAYED, False), (1, Reached.PLAYING, False)], {})
    await world.database.write(lambda tx: tx.devices.save([_at("dd-4", world.clock.now_ms())]))
    await signed_in(world, browser)
    page = (await browser.get("/map")).text
    for number, word in enumerate(("听到了", "播完，没听到", "正在播", "已发送", "从没联系上"), 1):
        assert f'href="#at-building-{number}" aria-label="{number}栋，{word}"' in page
    assert isinstance(world.clock, FakeClock)
    world.clock.ms += 10 * 60_000
    assert "播完，没听到" not in (await browser.get("/map")).text.split("legend")[-1].split("</ul>", 1)[1]


async def test_devices_say_what_is_wrong_with_their_sound_and_what_to_do_first(
    world: Stage, browser: httpx.AsyncClient
) -> None:
    await signed_in(world, browser, Role.TECHNICIAN)
    page = (await browser.get("/devices")).text
    for number, finding in zip(range(41, 46), list(Finding)[1:], strict=False):
        row = page.split(f'id="device-dd-{number}"')[1].split("</tr>")[0]
        assert LABELS["finding"][finding.value] in row
        assert LABELS["next"][finding.value] in row
        assert "后来不行了" in row
        assert page.index(f'id="device-dd-{number}"') < page.index('id="device-dd-1"')
