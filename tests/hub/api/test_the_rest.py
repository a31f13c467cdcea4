"""Devices, people, places, what is at no address, and whether the hub works."""

from __future__ import annotations

import pytest

from hub.domain.people import ChannelName, Contact, Role
from hub.services.ports import CommitFailed
from tests.hub.api.conftest import Api
from tests.hub.services.small_community import NOON_MS
from wire.messages import Health


async def test_devices_that_are_not_proved_come_first(api: Api) -> None:
    proved = Health(uptime_s=1, speaker_proved_ms=NOON_MS, microphone_proved_ms=NOON_MS, clock_offset_ms=0.2)
    await api.devices.health([("dev-2", proved)])
    rows = (await api.client.get("/api/v1/devices", headers=await api.as_role(Role.TECHNICIAN))).json()
    assert [(row["id"], row["link"], row["is_fine"]) for row in rows] == [
        ("dev-1", "never", False),
        ("dev-2", "online", True),
    ]
    assert rows[0]["unproved"] == ["speaker", "microphone", "button 101"]
    one = (await api.client.get("/api/v1/devices/dev-2", headers=await api.as_role(Role.OBSERVER))).json()
    assert one == rows[1]


@pytest.mark.parametrize(
    ("device", "body", "status", "key"),
    [
        ("dev-1", {"kind": "restart"}, 504, "device_silent"),
        ("nowhere", {"kind": "restart"}, 404, "not_found"),
        ("dev-1", {"kind": "volume", "volume": 2}, 422, "volume_out_of_range"),
        ("dev-1", {"kind": "dance"}, 422, "field_not_allowed"),
    ],
)
async def test_a_command_that_comes_to_nothing_says_why(
    api: Api, device: str, body: dict[str, object], status: int, key: str
) -> None:
    headers = await api.as_role(Role.TECHNICIAN)
    answer = await api.client.post(f"/api/v1/devices/{device}/commands", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, key)


async def test_people_come_with_their_duties_and_without_addresses(api: Api) -> None:
    answer = await api.client.get("/api/v1/people", headers=await api.as_role(Role.STAFF))
    people = {one["id"]: one for one in answer.json()}
    assert people["wang"]["duties"] == [{"place": "building-1", "place_name": "1栋", "duty": "building_head"}]
    assert people["li"]["duties"][0]["place_name"] == "1栋101室"
    assert people["wang"]["channels"] == ["page", "ntfy"]
    assert people["zhao"]["channels"] == []
    assert "secret" not in answer.text


async def test_how_somebody_is_reached_is_written_in_their_order_and_their_phones_stay(api: Api) -> None:
    headers = await api.as_role(Role.STAFF)
    await api.database.write(lambda tx: tx.people.add_contact("wang", Contact(ChannelName.WEB_PUSH, "{}")))
    written = [{"channel": "sms", "address": "13800000001"}, {"channel": "page", "address": ""}]
    address = "/api/v1/people/wang/contacts"
    assert (await api.client.put(address, json={"contacts": written}, headers=headers)).status_code == 204
    phone = {"channel": "web_push", "address": ""}
    read = (await api.client.get(address, headers=headers)).json()
    assert read == {"contacts": [*written, phone]}
    assert (
        await api.client.put(address, json=read, headers=headers)
    ).status_code == 204  # what was read can be written
    stored = (await api.database.read(lambda tx: tx.people.people(["wang"])))["wang"].contacts
    assert [one.channel for one in stored] == [ChannelName.SMS, ChannelName.PAGE, ChannelName.WEB_PUSH]
    assert stored[-1].address == "{}"


@pytest.mark.parametrize(
    ("person", "contact", "status", "key"),
    [
        ("nobody", {"channel": "page"}, 404, "not_found"),
        ("wang", {"channel": "sms", "address": "no number"}, 422, "bad_address"),
        ("wang", {"channel": "pigeon"}, 422, "field_not_allowed"),
    ],
)
async def test_a_contact_that_cannot_be_used_is_told(
    api: Api, person: str, contact: dict[str, object], status: int, key: str
) -> None:
    headers = await api.as_role(Role.STAFF)
    answer = await api.client.put(f"/api/v1/people/{person}/contacts", json={"contacts": [contact]}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, key)


async def test_places_come_with_their_homes_and_devices(api: Api) -> None:
    rows = (await api.client.get("/api/v1/places", headers=await api.as_role(Role.VOLUNTEER))).json()
    places = {row["slug"]: row for row in rows}
    assert (places["building-1"]["homes"], places["building-1"]["devices"]) == (1, 1)
    assert places["building-3"]["devices"] == 0


async def test_a_place_gets_its_own_quiet_hours_over_json_and_follows_the_wider_place_again(api: Api) -> None:
    headers, url = await api.as_role(Role.STAFF), "/api/v1/places/{}/quiet-hours"
    inherited = {"place": "building-1", "hours": ["12:00-14:00"], "is_all_day": False, "is_own": False, "source": None}
    assert (await api.client.get(url.format("building-1"), headers=headers)).json() == inherited
    hours = {"hours": ["13:00-14:30", "21:30-06:00"]}
    put = await api.client.put(url.format("grid-1"), json=hours, headers=headers)
    held = {**hours, "is_all_day": False, "source": "grid-1"}
    assert (put.status_code, put.json()) == (200, {"place": "grid-1", **held, "is_own": True})
    unit = (await api.client.get(url.format("building-1-unit-1"), headers=headers)).json()
    assert unit == {"place": "building-1-unit-1", **held, "is_own": False}
    own = {"place": "building-1", "is_own": True, "source": "building-1"}
    never = (await api.client.put(url.format("building-1"), json={"hours": []}, headers=headers)).json()
    assert never == {**own, "hours": [], "is_all_day": False}
    always = (await api.client.put(url.format("building-1"), json={"hours": ["07:30-07:30"]}, headers=headers)).json()
    assert always == {**own, "hours": ["07:30-07:30"], "is_all_day": True}
    assert (await api.client.delete(url.format("building-1"), headers=headers)).json()["source"] == "grid-1"
    await api.client.delete(url.format("grid-1"), headers=headers)
    assert (await api.client.get(url.format("building-1"), headers=headers)).json() == inherited


@pytest.mark.parametrize(
    ("place", "hours", "status", "error"),
    [
        ("building-1", ["13:00"], 422, "bad_quiet_hours"),
        ("building-1", ["13:00-14:00"] * 9, 422, "too_many_quiet_hours"),
        ("all", ["13:00-14:00"], 422, "no_own_quiet_hours"),
        ("nowhere", ["13:00-14:00"], 404, "not_found"),
    ],
)
async def test_quiet_hours_that_cannot_be_are_refused_by_name(
    api: Api, place: str, hours: list[str], status: int, error: str
) -> None:
    headers = await api.as_role(Role.STAFF)
    refused = await api.client.put(f"/api/v1/places/{place}/quiet-hours", json={"hours": hours}, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (status, error)


async def test_a_place_gets_its_own_noise_budget_over_json_and_follows_the_wider_place_again(api: Api) -> None:
    headers, url = await api.as_role(Role.STAFF), "/api/v1/places/{}/noise-budget"
    inherited = {"place": "building-1", "minutes": 0, "is_own": False, "source": None}
    assert (await api.client.get(url.format("building-1"), headers=headers)).json() == inherited
    put = await api.client.put(url.format("grid-1"), json={"minutes": 30}, headers=headers)
    assert put.json() == {"place": "grid-1", "minutes": 30, "is_own": True, "source": "grid-1"}
    unit = (await api.client.get(url.format("building-1-unit-1"), headers=headers)).json()
    assert unit == {"place": "building-1-unit-1", "minutes": 30, "is_own": False, "source": "grid-1"}
    unlimited = await api.client.put(url.format("building-1"), json={"minutes": 0}, headers=headers)
    assert unlimited.json() == {"place": "building-1", "minutes": 0, "is_own": True, "source": "building-1"}
    await api.client.delete(url.format("building-1"), headers=headers)
    assert (await api.client.delete(url.format("grid-1"), headers=headers)).json()["minutes"] == 0
    assert (await api.client.get(url.format("building-1"), headers=headers)).json() == inherited


@pytest.mark.parametrize(
    ("place", "minutes", "status"),
    [
        ("building-1", -1, 422),
        ("building-1", 1441, 422),
        ("building-1", "x", 422),
        ("building-1", None, 422),
        ("all", 5, 422),
        ("building-1-unit-1", 5, 422),
        ("nowhere", 5, 404),
    ],
)
async def test_a_noise_budget_that_cannot_be_is_refused(api: Api, place: str, minutes: object, status: int) -> None:
    headers, url = await api.as_role(Role.STAFF), f"/api/v1/places/{place}/noise-budget"
    assert (await api.client.put(url, json={"minutes": minutes}, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v1/nothing"), ("POST", "/api/v2"), ("PUT", "/api/v1/alerts")]
)
async def test_what_is_at_no_address_is_said_in_json(api: Api, method: str, path: str) -> None:
    answer = await api.client.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (404, "no_such_address")


async def test_the_hub_is_ready_until_something_keeps_it_from_its_work(api: Api) -> None:
    assert (await api.client.get("/healthz")).json() == {"is_alive": True}
    ready = await api.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"is_ready": True, "reasons": []})
    api.reasons.append("link_not_connected")
    unready = await api.client.get("/readyz")
    assert (unready.status_code, unready.json()["reasons"]) == (503, ["link_not_connected"])


async def test_what_could_not_be_stored_is_said_to_be_not_stored(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await api.as_role(Role.STAFF)

    async def refuse(*_: object, **__: object) -> None:
        raise CommitFailed("disk full")

    monkeypatch.setattr(api.database, "write", refuse)
    body = {"text": "停水", "places": ["all"]}
    answer = await api.client.post("/api/v1/announcements", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (503, "not_stored")
    assert "disk" not in answer.text


async def test_a_fault_of_ours_tells_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await api.as_role(Role.STAFF)

    async def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api.sounds, "announcement", break_down)
    body = {"text": "停水", "places": ["all"]}
    answer = await api.client.post("/api/v1/announcements", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (500, "error")
    assert "secret" not in answer.text
