"""One building with each fault at a real hub: what the announcement, the report and the list of devices say of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import aiohttp

from firmware_sim.fleet import Fault
from tests.world.api import Json
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.running_hub import RunningHub, running_hub
from tests.world.waiting import wait_until

HEARD_S = 60.0
FAULTS = {
    "dev-building-1": (Fault.SILENT_SPEAKER, 1.0, "silent", "喇叭没有声音"),
    "dev-building-2": (Fault.QUIET_SPEAKER, 26.0, "too_quiet", "声音太小"),
    "dev-building-3": (Fault.DISTORTED_SPEAKER, 1.0, "distorted", "声音是破的"),
    "dev-building-4": (Fault.WRONG_AUDIO, 1.0, "wrong_audio", "听到的是别的声音"),
    "dev-building-5": (Fault.DEAD_MICROPHONE, 1.0, "dead_microphone", "麦克风没有信号"),
    "dev-building-6": (Fault.NO_MICROPHONE, 1.0, "dead_microphone", "麦克风没有信号"),
    "dev-building-7": (Fault.NOISY_ROOM, 1.0, "unjudged", "太吵或太短，没法判断"),
}
"""What goes wrong there, how strongly, what is found, and how staff read it."""
WELL = "dev-building-8"
ACCOUNT = {"community": "阳光花园", "name": "周丽华", "username": "zhou", "password": "a long enough password"}


async def pages(hub: RunningHub, *addresses: str) -> list[str]:
    """These pages as the first account sees them. The cookie is sent by hand: it is for TLS only, which is not here."""
    own = {"Sec-Fetch-Site": "same-origin"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=own) as session:
        async with session.post(f"{hub.hub.url}/welcome", data=ACCOUNT, allow_redirects=False) as answer:
            assert answer.status == 303
            cookie = answer.headers["Set-Cookie"].split(";")[0]
        found = []
        for address in addresses:
            async with session.get(f"{hub.hub.url}{address}", headers={"Cookie": cookie}) as answer:
                assert answer.status == 200, address
                found.append((await answer.read()).decode("utf-8-sig"))
        return found


async def announced(hub: RunningHub) -> tuple[str, dict[str, Json]]:
    """A notice to all these buildings, and what became of it in each once every microphone has reported."""
    places = [device.removeprefix("dev-") for device in (*FAULTS, WELL)]
    made = await hub.api.post("/announcements", {"text": "今天下午3点停水。", "places": places, "kind": "notice"})

    async def parts() -> dict[str, Json]:
        one = await hub.api.get(f"/announcements/{made['id']}")
        return {part["device"]: part for part in one["buildings"] if part["device"] in (*FAULTS, WELL)}

    async def are_judged() -> bool:
        return all(part["evidence"] for part in (await parts()).values())

    await wait_until(are_judged, "every microphone has reported", HEARD_S)
    return made["id"], await parts()


async def test_each_fault_is_named_on_the_announcement_in_the_report_and_in_the_list_of_devices(
    community: Community, tmp_path: Path
) -> None:
    async with running_hub(community, tmp_path) as hub:
        buildings = SimulatedBuildings(hub.hub.data, hub.hub.mqtt_port, (*FAULTS, WELL))
        await buildings.start()
        try:
            for device, (fault, value, _, _) in FAULTS.items():
                await buildings.fault(device, fault, value)
            announcement_id, parts = await announced(hub)
            assert {device: part["evidence"]["finding"] for device, part in parts.items()} == {
                WELL: "fine",
                **{device: finding for device, (_, _, finding, _) in FAULTS.items()},
            }
            assert {device for device, part in parts.items() if part["heard"]} == {
                *(WELL, "dev-building-2", "dev-building-3")
            }
            assert all(part["state"] == "played" for part in parts.values())
            known = {one["id"]: one for one in await hub.api.get("/devices")}
            page, table, listed = await pages(
                hub, f"/broadcast/{announcement_id}", f"/broadcast/{announcement_id}/heard.csv", "/devices"
            )
            rows = {row[5]: row for row in csv.reader(io.StringIO(table))}
            for device, (_, _, finding, words) in FAULTS.items():
                assert known[device]["finding"] == finding
                assert not known[device]["is_fine"]
                assert "speaker" in known[device]["unproved"]
                assert words in page
                assert rows[device][10] == words
                assert words in listed.split(f'id="device-{device}"')[1].split("</tr>")[0]
            assert "speaker" not in known[WELL]["unproved"]
            assert rows[WELL][6:11] == ["1", "1", "1", "听到了", ""]
        finally:
            await buildings.stop()
