"""A sentence into the browser's microphone comes out of the loudspeakers of simulated buildings, through a real hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page

from device_agent.core.hearing import compare
from device_agent.core.sounds import SAMPLE_RATE, Pcm
from device_agent.hardware.decoding import decode_opus
from firmware_sim.recordings import played
from tests.device_agent.speech import CHECKUP, speak
from tests.end_to_end.pages_rig import chromium
from tests.world import speaker
from tests.world.api import Json
from tests.world.buildings import SimulatedBuildings
from tests.world.community import Community
from tests.world.running_hub import RunningHub, running_hub
from tests.world.speaker import Spoken, fake_microphone
from tests.world.waiting import wait_until

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEVICES = ("dev-building-1", "dev-building-2", "dev-building-3")
PLACES = [device.removeprefix("dev-") for device in DEVICES]
PASSWORD = "a long enough password"
LIKE, TRIES = 0.5, 3
"""A busy machine has frames come too late, which are then guessed: it is said again. Other speech reaches 0.09."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(community: Community, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHub]:
    async with running_hub(community, tmp_path_factory.mktemp("live")) as running:
        buildings = SimulatedBuildings(running.hub.data, running.hub.mqtt_port, DEVICES)
        await buildings.start()
        yield running
        await buildings.stop()


async def test_what_is_said_while_the_space_bar_is_held_sounds_in_the_chosen_buildings(
    hub: RunningHub, tmp_path: Path
) -> None:
    sentence = speak(CHECKUP)
    async with chromium(*fake_microphone(tmp_path / "said.wav", sentence)) as browser:
        page = await browser.new_page()
        await first_account(page, hub.hub.url)
        for _ in range(TRIES):
            said = await speaker.speak(page, hub.hub.url, PLACES, "orange", 3.0)
            parts = await proved(hub, said.announcement_id)
            likeness = [compare(said.pcm, on_tape(hub, device, said)) for device in DEVICES]
            if min(likeness)[0] > LIKE:
                break
    assert min(likeness)[0] > LIKE
    assert all(0 < lag_ms < 500 for _, lag_ms in likeness)
    assert all(one["heard"] for one in parts)
    recording = await recorded(hub, said.announcement_id)
    assert compare(stretch_of(sentence, recording), recording)[0] > LIKE


async def first_account(page: Page, url: str) -> None:
    """Whoever comes first makes the account."""
    await page.goto(f"{url}/welcome")
    account = {"community": "清溪社区", "name": "周丽华", "username": "zhou", "password": PASSWORD}
    for field, value in account.items():
        await page.fill(f"#{field}", value)
    await page.click("main form button.primary")
    await page.wait_for_url("**/desk")


async def proved(hub: RunningHub, announcement_id: str) -> list[Json]:
    """What every building says of it, once all have played it and listened."""

    async def buildings() -> list[Json]:
        found = await hub.api.get(f"/announcements/{announcement_id}")
        return [one for one in found["buildings"] if one["device"] in DEVICES]

    async def are_proved() -> bool:
        return all(one["state"] == "played" and one["evidence"] for one in await buildings())

    await wait_until(are_proved, "every building has played it and judged it", 40)
    return await buildings()


def on_tape(hub: RunningHub, device: str, said: Spoken) -> Pcm:
    """What the building's loudspeaker gave off from the first word on."""
    return played(hub.hub.data / "sim" / device, round(said.began_ms), len(said.pcm) + SAMPLE_RATE)


async def recorded(hub: RunningHub, announcement_id: str) -> Pcm:
    """What the hub has kept."""
    address = f"{hub.hub.url}/api/v1/announcements/{announcement_id}/audio"
    headers = {"Authorization": f"Bearer {hub.community.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(address) as answer:
        return decode_opus(await answer.read())


def stretch_of(sentence: Pcm, recording: Pcm) -> Pcm:
    """The part of the sentence, which the microphone hears again and again, with which the recording begins."""
    again = np.tile(sentence, 1 + -(-(len(recording) + SAMPLE_RATE) // len(sentence))).astype(np.float32)
    size = 1 << (len(again) + len(recording)).bit_length()
    spectrum = np.fft.rfft(again, size) * np.conj(np.fft.rfft(recording.astype(np.float32), size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(sentence)]))
    return again[at : at + len(recording)].astype(np.int16)
