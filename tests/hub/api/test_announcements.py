"""Announcements over JSON."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.domain.announcements import GAP_MS, lead_ms
from hub.domain.people import Role
from hub.domain.second_person import HOLD_MS
from tests.hub.api.conftest import Api
from tests.hub.services.small_community import NOON_MS, SOUND_MS

URL = "/api/v1/announcements"
SAY: dict[str, Any] = {"text": "今天停水", "places": ["all"], "kind": "notice", "repeat": 2, "play_at_ms": None}


async def test_announcing_answers_with_id_length_and_instant(api: Api) -> None:
    answer = await api.client.post(URL, json=SAY, headers=await api.as_role(Role.STAFF))
    body = answer.json()
    assert answer.status_code == 201
    assert body["duration_ms"] == 2 * SOUND_MS + GAP_MS
    assert body["play_at_ms"] == NOON_MS + lead_ms(SOUND_MS)
    assert (body["counts"]["sent"], body["counts"]["no_device"]) == (2, 1)
    assert api.publisher.topics() == ["audio", "place/sunny/all"]


async def test_what_is_left_out_is_routine_once_and_now(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    made = (await api.client.post(URL, json={"text": "停水", "places": ["grid-1"]}, headers=headers)).json()
    one = (await api.client.get(f"{URL}/{made['id']}", headers=headers)).json()
    assert (one["kind"], one["repeat"], one["play_at_ms"]) == ("routine", 1, NOON_MS + lead_ms(SOUND_MS))
    assert one["created_by"] == "staff program"


async def test_one_announcement_shows_every_building_and_the_list_its_counts(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    made = (await api.client.post(URL, json=SAY, headers=headers)).json()
    one = (await api.client.get(f"{URL}/{made['id']}", headers=headers)).json()
    assert [(part["place"], part["state"], part["heard"]) for part in one["buildings"]] == [
        ("building-1", "sent", False),
        ("building-2", "sent", False),
        ("building-3", "no_device", False),
    ]
    [listed] = (await api.client.get(URL, headers=headers)).json()
    assert listed["counts"] == one["counts"]


async def test_stopping_answers_with_what_is_known_and_claims_no_more(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    made = (await api.client.post(URL, json=SAY, headers=headers)).json()
    stopped = (await api.client.post(f"{URL}/{made['id']}/stop", headers=headers)).json()
    assert stopped["stopped_ms"] == NOON_MS
    assert stopped["counts"]["stopped"] == 0


async def test_stopping_everything_names_what_was_stopped(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    made = [(await api.client.post(URL, json=SAY, headers=headers)).json() for _ in range(2)]
    answer = await api.client.post(f"{URL}/stop", headers=headers)
    assert answer.status_code == 200
    assert {one["id"] for one in answer.json()} == {one["id"] for one in made}
    assert {(one["kind"], one["title"]) for one in answer.json()} == {("notice", "今天停水")}
    for one in made:
        assert (await api.client.get(f"{URL}/{one['id']}", headers=headers)).json()["stopped_ms"] == NOON_MS
    assert (await api.client.post(f"{URL}/stop", headers=headers)).json() == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"text": ""}, "empty_text", "写上"),
    ({"text": " \n\t"}, "empty_text", "写上"),
    ({"text": "水" * 10_000}, "text_too_long", "缩短"),
    ({"text": "停水😀"}, "unspeakable_character", "换成文字"),
    ({"text": "停水❤️"}, "unspeakable_character", "换成文字"),
    ({"text": "👨‍👩‍👧"}, "unspeakable_character", "换成文字"),
    ({"text": "停水\u0000"}, "control_character", "删掉"),
    ({"text": "停水\u001b[31m"}, "control_character", "删掉"),
    ({"text": "停\u202e水"}, "control_character", "删掉"),
    ({"text": "？！"}, "nothing_to_say", "写上文字"),
    ({"places": []}, "no_place", "选一个"),
    ({"places": ["building-99"]}, "unknown_place", "列表里选"),
    ({"places": ["all", "'; DROP TABLE place"]}, "unknown_place", "列表里选"),
    ({"play_at_ms": NOON_MS - 3_600_000}, "time_in_the_past", "以后的时间"),
    ({"play_at_ms": NOON_MS + 10**12}, "time_too_far", "一年"),
    ({"play_at_ms": 10**40}, "time_too_far", "一年"),
    ({"kind": "pink"}, "unknown_kind", "请选"),
    ({"status": "drill"}, "unknown_status", "请选"),
    ({"repeat": 0}, "repeat_out_of_range", "之间"),
    ({"repeat": 99}, "repeat_out_of_range", "之间"),
    ({"text": None}, "field_not_text", "文字"),
    ({"text": 5}, "field_not_text", "文字"),
    ({"places": "all"}, "field_not_list", "列表"),
    ({"places": [1]}, "field_not_text", "文字"),
    ({"repeat": "often"}, "field_not_number", "整数"),
    ({"play_at_ms": 1.5}, "field_not_number", "整数"),
    ({"play_at": 5}, "field_unknown", "删掉或改正"),
]


@pytest.mark.parametrize(("change", "key", "hint"), BAD)
async def test_bad_input_is_refused_with_a_sentence_that_says_what_to_change(
    api: Api, change: dict[str, Any], key: str, hint: str
) -> None:
    chinese = await api.client.post(URL, json={**SAY, **change}, headers=await api.as_role(Role.STAFF))
    english = await api.client.post(URL, json={**SAY, **change}, headers=await api.as_role(Role.STAFF, "en-GB,zh;q=.5"))
    for answer in (chinese, english):
        assert answer.status_code == 422
        assert answer.json()["error"] == key
    assert hint in chinese.json()["message"]
    assert re.search(r"[a-z]{3}.*\.$", english.json()["message"])
    quoted = english.json()["message"].replace("水", "").replace("停", "")
    assert not re.search(r"[\u4e00-\u9fff]", quoted)
    assert (await api.client.get(URL, headers=await api.as_role(Role.STAFF))).json() == []


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "unreadable_body"),
        (b"{", "unreadable_body"),
        (b"\xff\xfe", "unreadable_body"),
        (b"[]", "unreadable_body"),
        (b"null", "unreadable_body"),
        (b'{"places":["all"]}', "field_missing"),
        (b'{"text":"\\ud800","places":["all"]}', "control_character"),
        (b'{"text":"a","places":["all"],"play_at_ms":' + b"9" * 5000 + b"}", "unreadable_body"),
        (b"[" * 100_000, "unreadable_body"),
    ],
)
async def test_a_body_that_is_no_announcement_is_refused_plainly(api: Api, content: bytes, key: str) -> None:
    headers = {**await api.as_role(Role.STAFF), "Content-Type": "application/json"}
    answer = await api.client.post(URL, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, key)
    assert set(answer.json()) <= {"error", "message", "field", "code"}


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    answer = await api.client.post(URL, json={**SAY, "text": "x" * 300_000}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")
    assert "256" in answer.json()["message"]


async def test_a_voice_that_fails_is_said_and_nothing_was_played(api: Api) -> None:
    api.sounds.is_broken = True
    answer = await api.client.post(URL, json=SAY, headers=await api.as_role(Role.STAFF))
    assert (answer.status_code, answer.json()["error"]) == (503, "voice_failed")
    assert api.publisher.sent == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/none"), ("POST", "/none/stop"), ("POST", "/none/confirm")])
async def test_an_unknown_announcement_is_not_found(api: Api, method: str, path: str) -> None:
    answer = await api.client.request(method, URL + path, headers=await api.as_role(Role.STAFF))
    assert answer.status_code == 404
    assert answer.json()["message"] == "找不到通知“none”。"


GRAVE = {**SAY, "kind": "red"}


async def test_a_red_one_is_held_and_a_second_program_sends_it_at_once(api: Api) -> None:
    first, second = await api.as_role(Role.STAFF), await api.as_role(Role.ADMIN)
    made = (await api.client.post(URL, json=GRAVE, headers=first)).json()
    assert (made["hold"], made["hold_until_ms"], made["counts"]["held"]) == ("held", NOON_MS + HOLD_MS, 2)
    assert api.publisher.topics() == ["audio"]
    answer = await api.client.post(f"{URL}/{made['id']}/confirm", headers=second)
    body = answer.json()
    assert (answer.status_code, body["hold"], body["hold_by"]) == (200, "confirmed", "admin program")
    assert body["play_at_ms"] == NOON_MS + lead_ms(SOUND_MS)
    assert api.publisher.topics() == ["audio", "place/sunny/all"]


@pytest.mark.parametrize(("language", "hint"), [("zh-CN", "另一位"), ("en-GB", "somebody else")])
async def test_whoever_made_it_is_told_that_somebody_else_must_confirm(api: Api, language: str, hint: str) -> None:
    headers = await api.as_role(Role.STAFF, language)
    made = (await api.client.post(URL, json=GRAVE, headers=headers)).json()
    answer = await api.client.post(f"{URL}/{made['id']}/confirm", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "own_confirmation")
    assert hint in answer.json()["message"]


@pytest.mark.parametrize(("language", "hint"), [("zh-CN", "取消"), ("en-GB", "called off")])
async def test_what_was_called_off_in_time_cannot_be_confirmed(api: Api, language: str, hint: str) -> None:
    headers = await api.as_role(Role.STAFF, language)
    made = (await api.client.post(URL, json=GRAVE, headers=headers)).json()
    off = (await api.client.post(f"{URL}/{made['id']}/stop", headers=headers)).json()
    assert (off["hold"], off["stopped_ms"], off["counts"]["called_off"]) == ("called_off", NOON_MS, 2)
    answer = await api.client.post(f"{URL}/{made['id']}/confirm", headers=await api.as_role(Role.ADMIN, language))
    assert (answer.status_code, answer.json()["error"]) == (409, "not_held")
    assert hint in answer.json()["message"]
    assert api.publisher.topics() == ["audio"]


async def test_an_exercise_of_a_red_one_goes_out_at_once_and_the_list_says_what_it_is(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    made = (await api.client.post(URL, json={**GRAVE, "status": "exercise"}, headers=headers)).json()
    assert made["hold"] is None
    assert made["spoken"].startswith("这是演习")
    [listed] = (await api.client.get(URL, headers=headers)).json()
    assert (listed["status"], listed["kind"], listed["title"]) == ("exercise", "red", "【演习】今天停水")
