"""Alerts over JSON."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.alerts import State, allowed
from hub.domain.people import Role
from tests.hub.api.conftest import Api
from tests.hub.services.small_community import NOON_MS, add_alert

URL = "/api/v1/alerts"
ONE = f"{URL}/alert-1"


async def step(api: Api, name: str, language: str = "zh-CN", **body: object) -> tuple[int, dict[str, Any]]:
    headers = await api.as_role(Role.STAFF, language)
    answer = await api.client.post(f"{ONE}/{name}", json={"by": "wang", **body}, headers=headers)
    return answer.status_code, answer.json()


async def test_an_alert_shows_where_who_was_asked_and_what_was_told_without_addresses(api: Api) -> None:
    answer = await api.client.get(ONE, headers=await api.as_role(Role.STAFF))
    alert = answer.json()
    assert (alert["place_name"], alert["home_name"], alert["state"]) == ("1栋", "1栋101室", "open")
    assert (alert["due_ms"], alert["rung"]) == (NOON_MS + 45_000, 0)
    assert alert["told"] == {
        "stage": "recorded",
        "person": None,
        "minutes": None,
        "created_ms": NOON_MS,
        "sent_ms": None,
    }
    assert [(one["person"]["name"], one["state"]) for one in alert["notifications"]] == [("王芳", "due")]
    assert [(line["what"], line["actor"]) for line in alert["journal"]] == [("opened", "elder")]
    assert alert["allowed"] == allowed(State.OPEN)
    assert "secret" not in answer.text


async def test_the_way_of_an_alert_from_acceptance_to_the_end(api: Api) -> None:
    status, alert = await step(api, "accept", eta_minutes=4)
    assert (status, alert["state"]) == (200, "accepted")
    assert alert["acceptor"] == {"id": "wang", "name": "王芳"}
    assert alert["promised_ms"] == NOON_MS + 4 * 60_000
    assert (await step(api, "note", text="已打电话"))[1]["journal"][-1]["detail"] == {"text": "已打电话"}
    assert (await step(api, "arrive"))[1]["state"] == "arrived"
    status, alert = await step(api, "close", outcome="扶起来了", seen="door")
    assert (status, alert["state"], alert["due_ms"]) == (200, "closed", None)
    last = alert["journal"][-1]
    assert (last["what"], last["actor"], last["actor_name"]) == ("closed", "wang", "王芳")
    assert last["detail"]["outcome"] == "扶起来了"


async def test_declining_withdrawing_and_reopening(api: Api) -> None:
    assert (await step(api, "decline"))[1]["journal"][-1]["what"] == "declined"
    await step(api, "accept", eta_minutes=4)
    assert (await step(api, "withdraw"))[1]["state"] == "open"
    await step(api, "accept", eta_minutes=4)
    assert (await step(api, "reopen"))[1]["state"] == "open"


async def test_a_step_that_the_state_does_not_allow_answers_409_and_says_which_are(api: Api) -> None:
    status, body = await step(api, "withdraw")
    assert (status, body["error"], body["state"]) == (409, "step_not_allowed", "open")
    assert body["allowed"] == allowed(State.OPEN)
    assert body["message"] == "现在的状态是“没人接”，不能做“退出”。可以做：接单、去不了、到了、结束、备注。"
    _, body = await step(api, "withdraw", "en")
    assert body["message"] == (
        "The state is “open”, which does not allow “withdraw”. Allowed: accept, decline, arrive, close, note."
    )


@pytest.mark.parametrize(
    ("name", "body", "status", "key"),
    [
        ("accept", {"eta_minutes": 0}, 422, "eta_out_of_range"),
        ("accept", {"eta_minutes": 31}, 422, "eta_out_of_range"),
        ("accept", {}, 422, "field_missing"),
        ("accept", {"eta_minutes": 4, "by": "nobody"}, 404, "not_found"),
        ("accept", {"eta_minutes": 4, "by": "x" * 65}, 422, "field_out_of_range"),
        ("close", {"outcome": " ", "seen": "door"}, 422, "close_needs_outcome"),
        ("close", {"outcome": "好", "seen": "override"}, 422, "override_needs_reason"),
        ("close", {"outcome": "好", "seen": "window"}, 422, "field_not_allowed"),
        ("note", {"text": "  "}, 422, "empty_note"),
    ],
)
async def test_a_step_that_lacks_something_says_what(
    api: Api, name: str, body: dict[str, Any], status: int, key: str
) -> None:
    got, answer = await step(api, name, **body)
    assert (got, answer["error"]) == (status, key)


async def test_a_wrong_choice_is_answered_with_the_choices(api: Api) -> None:
    _, body = await step(api, "close", outcome="好", seen="window")
    assert body["message"] == "“seen”只能是：door/conversation/override。"


async def test_only_the_acceptor_withdraws(api: Api) -> None:
    await step(api, "accept", eta_minutes=4)
    status, body = await step(api, "withdraw", by="li")
    assert (status, body["error"]) == (422, "not_the_acceptor")


async def test_alerts_are_listed_newest_first_by_state_and_page(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    await api.database.write(lambda tx: add_alert(tx, "alert-2", State.CLOSED, NOON_MS + 1))
    await api.database.write(lambda tx: add_alert(tx, "alert-3", State.ARRIVED, NOON_MS + 2))

    async def ids(query: str) -> list[str]:
        return [alert["id"] for alert in (await api.client.get(f"{URL}?{query}", headers=headers)).json()]

    assert await ids("") == ["alert-3", "alert-2", "alert-1"]
    assert await ids("state=open") == ["alert-1"]
    assert await ids("state=open&state=arrived") == ["alert-3", "alert-1"]
    assert await ids("state=closed") == ["alert-2"]
    assert await ids("limit=1") == ["alert-3"]
    assert await ids(f"before_ms={NOON_MS + 2}") == ["alert-2", "alert-1"]
    assert await ids(f"state=open&before_ms={NOON_MS}") == []
    refused = await api.client.get(f"{URL}?state=lost", headers=headers)
    assert refused.json()["message"] == "“state.0”只能是：open/accepted/arrived/closed。"


async def test_no_get_changes_anything(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    for name in ("accept", "decline", "withdraw", "arrive", "close", "reopen", "note"):
        assert (await api.client.get(f"{ONE}/{name}", headers=headers)).status_code == 404
    assert (await api.client.get(ONE, headers=headers)).json()["version"] == 1


async def test_an_unknown_alert_is_not_found(api: Api) -> None:
    answer = await api.client.get(f"{URL}/none", headers=await api.as_role(Role.STAFF, "en"))
    assert (answer.status_code, answer.json()["message"]) == (404, "There is no alert “none”.")
