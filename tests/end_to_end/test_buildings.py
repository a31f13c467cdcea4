"""Simulated buildings, which run the real agent, at a real hub: from the hand on the button to the elder's ear."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from firmware_sim.fleet import Fault
from tests.world.api import Json
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.running_hub import RunningHub, running_hub
from tests.world.waiting import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")

A, B, C, D = DEVICES = ("dev-building-17", "dev-building-1", "dev-building-2", "dev-building-3")
"""Each has a button whose loudspeaker is at home."""
HELPER = "person-001"
YEARS_MS = 3 * 365 * 86_400_000
HEARD_S = 60.0


@dataclass(frozen=True)
class Town:
    """A hub and the buildings that are connected to it."""

    hub: RunningHub
    buildings: SimulatedBuildings

    async def only_alert(self, button: str) -> Json:
        """The alert of this button; fails when there are several."""
        await wait_until(lambda: self.hub.api.alerts(button), f"an alert of {button}", 40)
        (alert,) = await self.hub.api.alerts(button)
        return alert

    async def confirmed(self, device: str) -> None:
        """Returns when the building knows that the hub has all its presses on disk."""
        await wait_until(lambda: self.buildings.unconfirmed(device) == 0, f"{device} has `accepted`", 40)

    async def presses(self, alert: Json) -> int:
        """How many presses became this alert."""
        return int((await self.hub.api.get(f"/alerts/{alert['id']}"))["press_count"])

    async def announce(self, *devices: str, **wanted: object) -> str:
        """Announces something where these devices are; its id."""
        places = [device.removeprefix("dev-") for device in devices]
        body = {"text": "今天下午3点到5点停水，请提前储水。", "places": places, "kind": "routine", **wanted}
        return str((await self.hub.api.post("/announcements", body))["id"])

    async def reach(self, announcement_id: str, expected: dict[str, str]) -> dict[str, Json]:
        """Returns each device's part once they are in these states."""

        async def parts() -> dict[str, Json]:
            found = await self.hub.api.get(f"/announcements/{announcement_id}")
            return {one["device"]: one for one in found["buildings"] if one["device"] in expected}

        async def are_there() -> bool:
            return {device: one["state"] for device, one in (await parts()).items()} == expected

        await wait_until(are_there, f"{expected}", HEARD_S)
        return await parts()

    async def told(self, device: str, alert: Json, stage: str) -> None:
        """Returns when the building has spoken this stage."""
        await wait_until(lambda: stage in self.buildings.told(device, alert["id"]), f"{stage} is told", 30)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with running_hub(community, tmp_path_factory.mktemp("town")) as hub:
        buildings = SimulatedBuildings(hub.hub.data, hub.hub.mqtt_port, DEVICES)
        await buildings.start()
        yield Town(hub, buildings)
        await buildings.stop()


async def test_an_elder_is_told_each_stage_from_the_press_to_the_end(town: Town) -> None:
    button = await town.buildings.press(A)
    alert = await town.only_alert(button)
    await town.told(A, alert, "recorded")
    for step, body, stage in (
        ("accept", {"eta_minutes": 4}, "accepted"),
        ("arrive", {}, "arrived"),
        ("close", {"outcome": "扶起来了", "seen": "door"}, "closed"),
    ):
        await town.hub.api.post(f"/alerts/{alert['id']}/{step}", {"by": HELPER, **body})
        await town.told(A, alert, stage)
    stages = [stage for stage in town.buildings.told(A, alert["id"]) if stage != "notifying"]
    assert stages == ["recorded", "accepted", "arrived", "closed"]


async def test_a_notice_is_heard_where_loudspeaker_and_microphone_work_whatever_clock_and_link_do(town: Town) -> None:
    await town.buildings.fault(B, Fault.SILENT_SPEAKER, 1)
    await town.buildings.fault(C, Fault.DEAD_MICROPHONE, 1)
    await town.buildings.fault(A, Fault.CLOCK_SKEW, -YEARS_MS)
    await town.buildings.fault(D, Fault.CLOCK_SKEW, YEARS_MS)
    await town.buildings.fault(D, Fault.DUPLICATES, 1)
    places = [device.removeprefix("dev-") for device in DEVICES]
    made = await town.hub.api.post("/announcements", {"text": "今天下午3点停水。", "places": places, "kind": "notice"})

    async def parts() -> dict[str, Json]:
        found = await town.hub.api.get(f"/announcements/{made['id']}")
        return {one["device"]: one for one in found["buildings"] if one["device"] in DEVICES}

    async def are_proved() -> bool:
        return all(one["evidence"] for one in (await parts()).values())

    await wait_until(are_proved, "every microphone has reported", HEARD_S)
    seen = await parts()
    assert {device: one["state"] for device, one in seen.items()} == dict.fromkeys(DEVICES, "played")
    assert {device: one["heard"] for device, one in seen.items()} == {A: True, B: False, C: False, D: True}
    await town.buildings.fault(B, Fault.SILENT_SPEAKER, 0)
    await town.buildings.fault(C, Fault.DEAD_MICROPHONE, 0)


async def test_everything_that_sounds_or_is_planned_is_stopped_by_one_request(town: Town) -> None:
    planned = await town.announce(C, play_at_ms=time.time_ns() // 10**6 + 3_600_000)
    loud = await town.announce(A, B, kind="red", repeat=5)
    await town.hub.second.post(f"/announcements/{loud}/confirm", {})
    await town.reach(loud, {A: "playing", B: "playing"})
    await town.reach(planned, {C: "ready"})
    stopped = await town.hub.api.stop_all()
    assert {planned, loud} <= {one["id"] for one in stopped}  # and what a building that is away could still play
    await town.reach(loud, {A: "stopped", B: "stopped"})
    await town.reach(planned, {C: "stopped"})


async def test_a_warning_that_nobody_confirms_goes_out_by_itself_and_one_that_is_called_off_never(town: Town) -> None:
    off = await town.announce(A, kind="red")
    await town.hub.second.post(f"/announcements/{off}/stop", {})
    loud = await town.announce(A, kind="orange")
    await town.reach(loud, {A: "playing"})
    await town.hub.api.stop_all()
    await town.reach(loud, {A: "stopped"})
    await town.reach(off, {A: "called_off"})


async def test_a_building_with_quiet_hours_of_its_own_keeps_silent_while_others_play(town: Town) -> None:
    place = A.removeprefix("dev-")
    await town.hub.api.put(f"/places/{place}/quiet-hours", {"hours": ["00:00-00:00"]})
    await wait_until(lambda: town.buildings.quiet_hours(A), "it has heard of them")
    parts = await town.reach(await town.announce(A, B), {A: "suppressed", B: "played"})
    assert parts[A]["reason"] == "quiet hours 00:00-00:00"
    await town.hub.api.put(f"/places/{place}/quiet-hours", {"hours": []})
    await wait_until(lambda: not town.buildings.quiet_hours(A), "it has heard that there are none")
    await town.reach(await town.announce(A), {A: "played"})


async def test_a_building_that_has_sounded_enough_today_keeps_silent_until_an_emergency(town: Town) -> None:
    budget = f"/places/{C.removeprefix('dev-')}/noise-budget"
    await town.hub.api.put(budget, {"minutes": 1})
    long = "今天下午3点到5点停水，请提前储水，老人家里请邻居帮忙看一看。" * 3
    played = await town.announce(C, text=long)
    await town.reach(played, {C: "played"})
    await town.buildings.fault(C, Fault.REBOOT, 0)
    parts = await town.reach(await town.announce(C, D, text=long, repeat=5), {C: "suppressed", D: "playing"})
    assert parts[C]["reason"].startswith("noise budget 1 min a day, ")
    assert not parts[C]["reason"].endswith(" 0.0 min used")
    await town.hub.api.stop_all()
    await town.reach(await town.announce(C, kind="orange"), {C: "played"})
    await town.hub.api.put(budget, {"minutes": 0})
    await town.reach(await town.announce(C), {C: "played"})


async def test_a_press_without_a_link_survives_a_reboot_and_arrives_once(town: Town) -> None:
    await town.buildings.fault(B, Fault.LINK_DOWN, 1)
    button = await town.buildings.press(B)
    assert town.buildings.unconfirmed(B) == 1
    await town.buildings.fault(B, Fault.REBOOT, 0)
    assert await town.hub.api.alerts(button) == []
    await town.buildings.fault(B, Fault.LINK_DOWN, 0)
    alert = await town.only_alert(button)
    await town.confirmed(B)
    assert await town.presses(alert) == 1
    await town.told(B, alert, "recorded")


async def test_a_press_is_one_press_although_all_is_doubled_and_the_clock_is_years_ahead(town: Town) -> None:
    await town.buildings.fault(D, Fault.CLOCK_SKEW, 2 * YEARS_MS)
    await town.buildings.fault(D, Fault.DUPLICATES, 1)
    await town.buildings.fault(D, Fault.REBOOT, 0)
    button = await town.buildings.press(D)
    alert = await town.only_alert(button)
    await town.confirmed(D)
    assert await town.presses(alert) == 1
    await town.told(D, alert, "recorded")
    assert town.buildings.told(D, alert["id"]).count("recorded") == 1


async def test_a_press_that_hub_and_broker_have_forgotten_is_repeated_until_it_is_accepted(town: Town) -> None:
    hub = town.hub.hub
    with hub.database_locked():
        button = await town.buildings.press(C)

        async def has_press() -> bool:
            return "unrecorded_presses" in await town.hub.api.why_not_ready()

        await wait_until(has_press, "the hub has the press")
        hub.kill()
    broker = hub.broker_pid
    assert broker is not None
    os.kill(broker, signal.SIGKILL)
    (hub.data / "broker" / "store" / "mosquitto.db").unlink(missing_ok=True)
    assert town.buildings.unconfirmed(C) == 1
    await hub.start()
    alert = await town.only_alert(button)
    await town.confirmed(C)
    assert await town.presses(alert) == 1
    await town.told(C, alert, "recorded")
