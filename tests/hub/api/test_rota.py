"""The rota over JSON: who is on duty, and changes that are done once and refused in clear words."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.people import Role
from tests.hub.api.conftest import Api
from tests.hub.services.small_community import NOON_MS

ROTA = "/api/v1/rota"
HOUR_MS = 3_600_000
SHIFT = {"person": "wang", "place": "grid-1", "duty": "volunteer", "weekday": 0, "start": "08:00", "end": "20:00"}
SWAP = {"shift": "day", "day": "2025-12-01", "person": "li", "from_minute": 0, "until_minute": 840}


async def change(api: Api, path: str, body: dict[str, Any], role: Role = Role.STAFF) -> tuple[int, str]:
    answer = await api.client.put(f"{ROTA}/{path}", json=body, headers=await api.as_role(role))
    return answer.status_code, answer.text


async def read(api: Api, query: str = "") -> Any:
    return (await api.client.get(f"{ROTA}{query}", headers=await api.as_role(Role.STAFF))).json()


async def test_who_is_on_duty_comes_day_by_day_with_swaps_weighed(api: Api) -> None:
    assert (await change(api, "shifts/day", SHIFT))[0] == 204
    assert (await change(api, "swaps/one", SWAP))[0] == 204
    rota = await read(api, "?from=2025-12-01&days=7")
    assert (rota["timezone"], rota["days"][0], len(rota["days"])) == ("Asia/Shanghai", "2025-12-01", 7)
    (post,) = rota["posts"]
    assert (post["place_name"], post["duty"]) == ("第一网格", "volunteer")
    first, second = post["turns"]
    assert (first["person"]["name"], first["owner"]["name"], first["start"], first["end"]) == ("李强", "王芳", 480, 840)
    assert (second["person"]["name"], second["start"], second["end"]) == ("王芳", 840, 1_200)
    assert (first["is_now"], first["reach"], second["reach"]) == (True, "unknown", "unknown")
    assert post["next"]["start_ms"] == NOON_MS + 2 * HOUR_MS
    assert post["next_gap_ms"] == NOON_MS + 8 * HOUR_MS
    assert post["gaps"][0] == [NOON_MS - 12 * HOUR_MS, NOON_MS - 4 * HOUR_MS]


async def test_today_is_the_first_day_when_none_is_said(api: Api) -> None:
    assert (await read(api))["from_day"] == "2025-12-01"


async def test_a_change_is_taken_back_by_deleting_it_again_and_again(api: Api) -> None:
    await change(api, "shifts/day", SHIFT)
    await change(api, "swaps/one", SWAP)
    staff = await api.as_role(Role.STAFF)
    for path in ("shifts/day/days/2025-12-01", "shifts/day", "shifts/day", "extras/none", "absences/none"):
        assert (await api.client.delete(f"{ROTA}/{path}", headers=staff)).status_code == 204
    assert (await read(api))["posts"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("shifts/day", {**SHIFT, "start": "8 Uhr"}, 422, "00:00"),
        ("shifts/day", {**SHIFT, "place": "nowhere"}, 422, "nowhere"),
        ("shifts/day", {**SHIFT, "duty": "helper"}, 422, "desk/volunteer"),
        ("shifts/day", {**SHIFT, "person": "nobody"}, 404, "人员"),
        ("swaps/one", SWAP, 404, "班次"),
        ("swaps/one", {**SWAP, "day": "1.12."}, 422, "2026-01-31"),
        ("absences/one", {"person": "wang", "from_ms": NOON_MS, "until_ms": NOON_MS}, 422, "结束要在开始之后"),
    ],
)
async def test_what_cannot_be_is_refused_in_clear_words(
    api: Api, path: str, body: dict[str, Any], status: int, word: str
) -> None:
    found, text = await change(api, path, body)
    assert found == status
    assert word in text


async def test_an_absence_shows_what_nobody_answers_for_then(api: Api) -> None:
    await change(api, "absences/one", {"person": "wang", "from_ms": NOON_MS, "until_ms": NOON_MS + HOUR_MS})
    (absence,) = (await read(api))["absences"]
    assert (absence["person"]["name"], absence["duties"]) == ("王芳", [["building_head", "1栋"]])


async def test_a_note_for_the_next_is_shown_at_its_post(api: Api) -> None:
    await change(api, "shifts/day", SHIFT)
    note = {"place": "grid-1", "duty": "volunteer", "ends_ms": NOON_MS, "text": "电梯在修"}
    assert (await change(api, "hand-over", note))[0] == 204
    (post,) = (await read(api))["posts"]
    assert [one["text"] for one in post["notes"]] == ["电梯在修"]


async def test_a_volunteer_asks_for_their_own_turns_and_speaks_for_themselves(api: Api) -> None:
    await change(api, "shifts/day", SHIFT)
    wang, li = await api.as_person("wang"), await api.as_person("li")
    asked = {**SWAP, "until_minute": 2_880}
    assert (await api.client.put(f"{ROTA}/requests/one", json=asked, headers=li)).status_code == 403
    assert (await api.client.put(f"{ROTA}/requests/one", json=asked, headers=wang)).status_code == 204
    (waiting,) = (await read(api))["asked"]
    assert (waiting["by"]["name"], waiting["taker"]["name"], waiting["place_name"]) == ("王芳", "李强", "第一网格")
    away = {"is_here": False}
    assert (await api.client.put(f"{ROTA}/presence/wang", json=away, headers=li)).status_code == 403
    assert (await api.client.put(f"{ROTA}/presence/wang", json=away, headers=wang)).status_code == 204
    (turn,) = (await read(api, "?days=1"))["posts"][0]["turns"]
    assert (turn["reach"], turn["why"]) == ("unreachable", "away")
    staff = await api.as_role(Role.STAFF)
    assert (await api.client.post(f"{ROTA}/requests/one/agree", headers=staff)).status_code == 204
    (turn,) = (await read(api, "?days=1"))["posts"][0]["turns"]
    assert turn["person"]["id"] == "li"
