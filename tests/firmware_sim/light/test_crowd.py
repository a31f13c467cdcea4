"""Light devices on a real broker: they speak as real ones do, lose nothing, and say what never reached them."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from firmware_sim.fleet import BrokerAddress, Building, Fleet
from firmware_sim.light import orders
from firmware_sim.light.crowd import Crowd, TooFewFiles, allow_files
from firmware_sim.light.orders import PressMade, State
from tests.device_agent.broker import Broker
from tests.device_agent.fake_hub import FakeHub
from tests.firmware_sim.town import wait_until
from wire import messages, topics
from wire.messages import LinkState
from wire.signing import SigningKey

KEY = SigningKey.generate()
NAMES = [f"dev-{index}" for index in range(12)]
SOUND, WHOLE = b"not looked into" * 1000, ["received", "verified", "ready", "playing", "played"]


@dataclass
class Rig:
    hub: FakeHub
    crowd: Crowd

    def obey(self, order: orders.Line) -> None:
        assert self.crowd.obey(order.to_line())

    def state(self) -> State:
        return self.crowd._state()

    def presses(self) -> list[PressMade]:
        return self.crowd._presses()

    async def all_up(self) -> None:
        await wait_until(lambda: (state := self.state()).up == state.configured == len(NAMES))

    async def all_ended(self, announcement_id: str) -> None:
        await self.hub.until(lambda: all("played" in self.hub.states(name, announcement_id) for name in NAMES))


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A broker, a hub of a few lines, and a crowd that is switched on, with its settings."""
    broker = Broker(tmp_path)
    broker.start()
    hub, up = FakeHub(broker.port, KEY), asyncio.Event()
    fleet = Fleet(
        broker=BrokerAddress(host="127.0.0.1", port=broker.port),
        hub_keys=[KEY.public_bytes.hex()],
        data_dir=tmp_path,
        processes=1,
        buildings=[Building(device=name, buttons=[f"{name}-button"]) for name in NAMES],
    )
    tasks = [asyncio.create_task(hub.run(up))]
    try:
        await up.wait()
        for index, name in enumerate(NAMES):
            await hub.configure(name, [name, f"grid-{index % 2}", "all"])
        made = Rig(hub, Crowd(fleet, 0, seed=3))
        tasks.append(asyncio.create_task(made.crowd.tick()))
        made.obey(orders.SwitchOn(over_s=0.1))
        await made.all_up()
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        broker.kill()


def press_all(for_s: float = 0.1, **changed: float) -> orders.PressButtons:
    values = {"per_s": len(NAMES) / for_s, "for_s": for_s, "battery_share": 0.0, "radio_loss": 0.0, **changed}
    return orders.PressButtons(name="test", **values)  # type: ignore[arg-type]


async def test_a_notice_goes_all_its_way_at_each_device_and_is_verified_once(rig: Rig) -> None:
    announcement_id = await rig.hub.announce("all", SOUND, duration_ms=200)
    await rig.all_ended(announcement_id)
    assert all(rig.hub.states(name, announcement_id) == WHOLE for name in NAMES)
    assert rig.state().counts["manifests_verified"] == 1
    assert {device.part_in(announcement_id) for device in rig.crowd._devices} == {"played"}


async def test_first_states_travel_in_one_receipt(rig: Rig) -> None:
    announcement_id = await rig.hub.announce("all", SOUND, duration_ms=200, in_ms=3_000)
    await rig.all_ended(announcement_id)
    for name in NAMES:
        sent = [[one.state.value for one in each.states] for each in rig.hub.receipts[name, announcement_id]]
        assert sent == [WHOLE[:3], ["playing"], ["played"]]


async def test_receipts_that_were_not_taken_are_sent_after_the_next_connection(rig: Rig) -> None:
    announcement_id = await rig.hub.announce("all", SOUND, duration_ms=1_500, in_ms=300)
    await rig.hub.until(lambda: (NAMES[0], announcement_id) in rig.hub.receipts)
    rig.obey(orders.Cut(what="link", place="all", share=1.0, over_s=0.0, dark_s=0.0))
    await wait_until(lambda: rig.state().up == 0)
    await rig.all_ended(announcement_id)
    await rig.all_up()
    assert all(set(WHOLE) == set(rig.hub.states(name, announcement_id)) for name in NAMES)
    assert rig.state().untold_receipts == 0


async def test_a_manifest_that_nobody_signed_is_refused(rig: Rig) -> None:
    manifest = messages.Manifest(
        to="all",
        id="x",
        issued_ms=0,
        valid_until_ms=2**50,
        announcement_id="forged",
        priority=255,
        title="t",
        text="t",
        audio_sha256="0" * 64,
        duration_ms=100,
        play_at_ms=0,
    )
    await rig.hub.publish(topics.place("test", "all"), manifest.to_payload(), [])
    await wait_until(lambda: rig.state().counts.get("refused") == len(NAMES))
    assert {device.part_in("forged") for device in rig.crowd._devices} == {None}


async def test_more_important_interrupts_and_the_interrupted_one_says_by_what(rig: Rig) -> None:
    notice = await rig.hub.announce("all", SOUND, duration_ms=20_000, in_ms=0)
    await rig.hub.until(lambda: all("playing" in rig.hub.states(name, notice) for name in NAMES))
    alert = await rig.hub.announce("all", SOUND, duration_ms=200, in_ms=0, priority=240)
    await rig.all_ended(alert)
    assert all(rig.hub.states(name, notice)[-1] == "interrupted" for name in NAMES)
    assert all(rig.hub.receipts[name, notice][-1].reason == alert for name in NAMES)


async def test_presses_are_repeated_until_accepted_also_over_a_lost_link(rig: Rig) -> None:
    rig.hub.is_accepting = False
    rig.obey(press_all())
    await rig.hub.until(lambda: len(rig.hub.presses) == len(NAMES))
    rig.obey(orders.Cut(what="link", place="all", share=1.0, over_s=0.0, dark_s=0.0))
    await wait_until(lambda: rig.state().up == 0)
    rig.hub.is_accepting = True
    await wait_until(lambda: rig.state().accepted == len(NAMES))
    assert all(len({press.press_id for press in presses}) == 1 for presses in rig.hub.presses.values())
    assert [one.alerts for one in rig.presses()] == [("a-1",)] * len(NAMES)
    assert rig.state().waiting_presses == 0


async def test_a_press_lost_by_radio_never_reaches_the_hub_and_is_said_to_be(rig: Rig) -> None:
    rig.obey(press_all(battery_share=1.0, radio_loss=1.0))
    await wait_until(lambda: len(rig.presses()) == len(NAMES))
    assert {one.lost_before_device for one in rig.presses()} == {"radio"}
    assert rig.state().pressed == 0
    assert rig.hub.presses == {}


async def test_a_power_cut_of_a_grid_takes_its_devices_and_brings_them_back(rig: Rig) -> None:
    rig.obey(orders.Cut(what="power", place="grid-1", share=1.0, over_s=0.0, dark_s=3.0))
    dark = NAMES[1::2]
    offline = lambda: all(rig.hub.statuses[name].state is LinkState.OFFLINE for name in dark)  # noqa: E731
    await rig.hub.until(offline)  # their wills
    rig.obey(press_all())
    await wait_until(lambda: len(rig.presses()) == len(NAMES))
    lost = {one.device for one in rig.presses() if one.lost_before_device == "dark"}
    assert lost == set(dark)
    await rig.all_up()
    await rig.hub.until(lambda: all(rig.hub.statuses[name].state is LinkState.ONLINE for name in NAMES))


async def test_a_device_that_had_no_power_while_playing_says_that_it_failed(rig: Rig) -> None:
    announcement_id = await rig.hub.announce("all", SOUND, duration_ms=60_000, in_ms=0)
    await rig.hub.until(lambda: all("playing" in rig.hub.states(name, announcement_id) for name in NAMES))
    rig.obey(orders.Cut(what="power", place="all", share=1.0, over_s=0.0, dark_s=0.1))
    await rig.hub.until(lambda: all("failed" in rig.hub.states(name, announcement_id) for name in NAMES))
    assert all("played" not in rig.hub.states(name, announcement_id) for name in NAMES)


async def test_health_is_told_and_whoever_leaves_says_goodbye(rig: Rig) -> None:
    await rig.hub.until(lambda: len(rig.hub.healths) > 0)
    assert not rig.crowd.obey(orders.Leave().to_line())
    await rig.hub.until(lambda: all(one.state is LinkState.OFFLINE for one in rig.hub.statuses.values()))


def test_too_few_files_are_a_sentence_that_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    with pytest.raises(TooFewFiles, match="10100"):
        allow_files(10_000)
