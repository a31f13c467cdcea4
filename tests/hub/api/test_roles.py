"""Who may do what: every route of the API with every role."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.domain.people import Role
from tests.hub.api.conftest import Api

ADMIN, STAFF, TECHNICIAN, VOLUNTEER, OBSERVER = Role
ALERT, ANNOUNCEMENT = "/api/v1/alerts/alert-1", "/api/v1/announcements"
BY = {"by": "wang"}
HOURS = {"person": "wang", "place": "grid-1", "duty": "volunteer", "start": "08:00", "end": "12:00"}
TAKING = {"shift": "none", "day": "2025-12-02", "person": "li"}
LADDER: dict[str, Any] = {"name": "夜间", "place": "all", "rungs": [{"who": ["desk"], "wait_s": 60}]}
SAY: dict[str, Any] = {"text": "停水", "places": ["all"]}

# Method, address as OpenAPI names it, body, who is let in. A volunteer's token belongs to nobody, so nobody asked it.
ROUTES: list[tuple[str, str, dict[str, Any] | None, set[Role]]] = [
    ("GET", "/api/v1/alerts", None, {ADMIN, STAFF, OBSERVER, VOLUNTEER}),
    ("GET", "/api/v1/alerts/{alert_id}", None, {ADMIN, STAFF, OBSERVER}),
    ("GET", "/api/v1/alerts/{alert_id}/replay", None, {ADMIN, STAFF, OBSERVER}),
    ("POST", "/api/v1/alerts/{alert_id}/accept", {**BY, "eta_minutes": 4}, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/decline", BY, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/withdraw", BY, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/arrive", BY, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/close", {**BY, "outcome": "好", "seen": "door"}, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/reopen", BY, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/take-back", {**BY, "made": "accepted", "whose": "wang"}, {ADMIN, STAFF}),
    ("POST", "/api/v1/alerts/{alert_id}/note", {**BY, "text": "好"}, {ADMIN, STAFF}),
    ("GET", "/api/v1/heard", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("GET", "/api/v1/announcements", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("POST", "/api/v1/announcements", SAY, {ADMIN, STAFF}),
    ("GET", "/api/v1/announcements/{announcement_id}", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("GET", "/api/v1/announcements/{announcement_id}/audio", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("POST", "/api/v1/announcements/stop", None, {ADMIN, STAFF}),
    ("POST", "/api/v1/announcements/{announcement_id}/confirm", None, {ADMIN, STAFF}),
    ("POST", "/api/v1/announcements/{announcement_id}/stop", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/desk", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("POST", "/api/v1/desk/watched", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/devices", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("GET", "/api/v1/devices/{device_id}", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("POST", "/api/v1/devices/{device_id}/commands", {"kind": "restart"}, {ADMIN, STAFF, TECHNICIAN}),
    ("PUT", "/api/v1/devices/{device_id}/delay", {"delay_ms": 35}, {ADMIN, STAFF, TECHNICIAN}),
    ("GET", "/api/v1/ladders", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("GET", "/api/v1/ladders/who", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/ladders/{ladder_id}", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("PUT", "/api/v1/ladders/{ladder_id}", LADDER, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/ladders/{ladder_id}", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/people", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/people/{person_id}/contacts", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/people/{person_id}/contacts", {"contacts": []}, {ADMIN, STAFF}),
    ("GET", "/api/v1/places", None, set(Role)),
    ("GET", "/api/v1/places/{place}/quiet-hours", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("PUT", "/api/v1/places/{place}/quiet-hours", {"hours": []}, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/places/{place}/quiet-hours", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/places/{place}/noise-budget", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("PUT", "/api/v1/places/{place}/noise-budget", {"minutes": 0}, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/places/{place}/noise-budget", None, {ADMIN, STAFF}),
    ("GET", "/api/v1/rota", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/shifts/{entry_id}", {**HOURS, "weekday": 0}, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/rota/shifts/{entry_id}", None, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/rota/shifts/{entry_id}/days/{day}", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/extras/{entry_id}", {**HOURS, "day": "2025-12-02"}, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/rota/extras/{entry_id}", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/swaps/{entry_id}", TAKING, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/requests/{entry_id}", TAKING, {ADMIN, STAFF}),
    ("POST", "/api/v1/rota/requests/{entry_id}/agree", None, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/rota/requests/{entry_id}", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/absences/{entry_id}", {"person": "wang", "from_ms": 0, "until_ms": 2**42}, {ADMIN, STAFF}),
    ("DELETE", "/api/v1/rota/absences/{entry_id}", None, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/hand-over", {"place": "all", "duty": "desk", "ends_ms": 1, "text": "好"}, {ADMIN, STAFF}),
    ("PUT", "/api/v1/rota/presence/{person_id}", {"is_here": True}, {ADMIN, STAFF}),
    ("GET", "/api/v1/score", None, {ADMIN, STAFF, TECHNICIAN, OBSERVER}),
    ("POST", "/api/v1/tokens", {"role": "staff", "name": "物业"}, {ADMIN}),
    ("DELETE", "/api/v1/tokens/{token_id}", None, {ADMIN}),
]
OPEN = {("GET", "/healthz"), ("GET", "/readyz")}


async def test_the_table_below_names_every_route(api: Api) -> None:
    described = (await api.client.get("/api/v1/openapi.json")).json()["paths"]
    routes = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert routes == {(method, path) for method, path, _, _ in ROUTES} | OPEN


@pytest.mark.parametrize("role", Role)
async def test_every_route_lets_in_its_roles_and_no_others(api: Api, role: Role) -> None:
    headers = await api.as_role(role)
    for method, path, body, allowed in ROUTES:
        status = (await api.client.request(method, _address(path), json=body, headers=headers)).status_code
        if role in allowed:
            assert status not in (401, 403), (method, path)
        elif role is VOLUNTEER and "{alert_id}" in path and not path.endswith(("reopen", "take-back")):
            assert status == 404, (method, path)  # as if there were no such alert
        else:
            assert status == 403, (method, path)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guess"}, {"Cookie": "__Host-session=guess"}])
async def test_nobody_gets_in_without_a_token_whatever_the_body_is(api: Api, headers: dict[str, str]) -> None:
    headers = {**headers, "Sec-Fetch-Site": "same-origin"}
    for method, path, _, _ in ROUTES:
        refused = await api.client.request(method, _address(path), json={"x": 1}, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (401, "not_signed_in"), (method, path)
        assert refused.headers["www-authenticate"] == "Bearer"


ROTA = {"entry_id": "one", "day": "2025-12-02", "person_id": "wang"}


def _address(path: str) -> str:
    names = {
        "alert_id": "alert-1",
        "announcement_id": "none",
        "device_id": "dev-1",
        "ladder_id": "night",
        "place": "grid-1",
    }
    return path.format(**names, token_id="none", **ROTA)


async def test_a_volunteer_sees_and_answers_what_they_were_asked_about(api: Api) -> None:
    asked, other = await api.as_person("wang"), await api.as_person("li")
    assert [alert["id"] for alert in (await api.client.get("/api/v1/alerts", headers=asked)).json()] == ["alert-1"]
    assert (await api.client.get("/api/v1/alerts", headers=other)).json() == []
    assert (await api.client.get(ALERT, headers=asked)).status_code == 200
    assert (await api.client.get(ALERT, headers=other)).status_code == 404
    body = {"by": "wang", "eta_minutes": 3}
    assert (await api.client.post(f"{ALERT}/accept", json=body, headers=asked)).json()["state"] == "accepted"


async def test_a_volunteer_answers_for_nobody_else(api: Api) -> None:
    headers = await api.as_person("wang")
    refused = await api.client.post(f"{ALERT}/accept", json={"by": "li", "eta_minutes": 3}, headers=headers)
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "not_permitted",
        "role": "volunteer",
        "message": "您的身份（志愿者）不能做这件事。",
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://hub.test"}, 201),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://hub.test"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_cookie_changes_something_only_from_our_own_pages(
    api: Api, headers: dict[str, str], status: int
) -> None:
    answer = await api.client.post(ANNOUNCEMENT, json=SAY, headers={**await api.cookie(), **headers})
    assert answer.status_code == status
    assert status == 201 or answer.json()["error"] == "other_site"


async def test_a_cookie_reads_from_everywhere_that_the_browser_sends_it(api: Api) -> None:
    assert (await api.client.get("/api/v1/places", headers=await api.cookie())).status_code == 200


async def test_a_token_that_is_ended_is_refused_at_once(api: Api) -> None:
    admin = await api.as_role(Role.ADMIN)
    made = (await api.client.post("/api/v1/tokens", json={"role": "staff", "name": "物业"}, headers=admin)).json()
    staff = {"Authorization": f"Bearer {made['token']}"}
    assert (await api.client.get("/api/v1/people", headers=staff)).status_code == 200
    assert (await api.client.delete(f"/api/v1/tokens/{made['id']}", headers=admin)).status_code == 204
    assert (await api.client.get("/api/v1/people", headers=staff)).status_code == 401


async def test_what_a_role_may_not_see_is_in_no_answer(api: Api) -> None:
    for role in (TECHNICIAN, OBSERVER):
        text = json.dumps((await api.client.get("/api/v1/devices", headers=await api.as_role(role))).json())
        assert "王芳" not in text
        assert "138" not in text
