"""Somebody who speaks live: a real browser whose microphone hears a file, and what it heard, with the instant."""

from __future__ import annotations

import base64
import re
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import Page, expect

from device_agent.core.live import FRAME
from device_agent.core.sounds import SAMPLE_RATE, Pcm

CAPTURE_MS = 10.0
"""Chromium's capture device hands over 10 ms at a time: what is in it is up to so old."""
FRAME_MS = 20.0
ALL_READY = re.compile(r"(\d+) / \1 ")
WATCH = """
    if (!window.heard) {
        window.heard = [];  // this script runs again for each time that somebody speaks
        const encode = AudioEncoder.prototype.encode;
        AudioEncoder.prototype.encode = function (sound) {
            const at = performance.timeOrigin + performance.now(), samples = new Float32Array(sound.numberOfFrames);
            sound.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
            window.heard.push([at, samples]);
            return encode.call(this, sound);
        };
    }
    window.tellHeard = () => {
        const whole = new Float32Array(window.heard.reduce((sum, [, one]) => sum + one.length, 0));
        window.heard.reduce((at, [, one]) => { whole.set(one, at); return at + one.length; }, 0);
        const bytes = new Uint8Array(whole.buffer);
        let text = "";
        for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
        return { at: window.heard.map(([at]) => at), pcm: btoa(text) };
    };
"""


TICK = "(one) => { one.checked = true; one.dispatchEvent(new Event('change', { bubbles: true })); }"


@dataclass(frozen=True)
class Spoken:
    """What went into the encoder, and when (Unix ms) the first of it was in the air at the latest."""

    announcement_id: str
    pcm: Pcm
    began_ms: float


def fake_microphone(file: Path, pcm: Pcm) -> list[str]:
    """Arguments of a Chromium whose microphone hears this file again and again, and may."""
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(pcm.tobytes())
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={file}",
    ]


async def speak(page: Page, url: str, places: list[str], urgency: str, seconds: float) -> Spoken:
    """Somebody who has signed in opens the microphone for these places and holds the space bar so long."""
    await page.add_init_script(WATCH)
    await page.goto(f"{url}/broadcast")
    for place in places:
        box = page.locator(f"#targets input[value={place}]")
        await box.evaluate(TICK)
    await page.locator(f"#speak input[value={urgency}]").check()
    await page.locator("#speak .send").click()
    await page.locator("#mic-start").click()
    await expect(page.locator("#mic")).to_have_attribute("data-state", "armed")
    await expect(page.locator("#mic-state")).to_contain_text(ALL_READY, timeout=20_000)
    await page.keyboard.down("Space")
    await page.wait_for_timeout(seconds * 1_000)
    await page.keyboard.up("Space")
    await page.locator("#mic-end").click()
    await expect(page.locator("#mic")).to_have_attribute("data-state", "ended")
    address = await page.locator("#mic-link").get_attribute("href")
    assert address is not None
    told = await page.evaluate("window.tellHeard()")
    samples = np.frombuffer(base64.b64decode(told["pcm"]), np.float32)
    # The frame that came with the least delay says best when all of them were captured.
    began_ms = min(at - FRAME_MS * (index + 1) for index, at in enumerate(told["at"])) - CAPTURE_MS
    assert len(samples) == FRAME * len(told["at"])
    pcm = np.clip(samples * 32_767, -32_768, 32_767).astype(np.int16)
    return Spoken(address.rpartition("/")[2], pcm, began_ms)


async def sign_in(page: Page, url: str, username: str, password: str) -> None:
    """Through the door."""
    await page.goto(f"{url}/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.click("main form button.primary")
    await page.wait_for_url("**/desk")
