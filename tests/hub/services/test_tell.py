"""What the elder is told: soon, once, true when it is said, and with names only at home."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from hub.services import pacing, tell
from hub.services.calling import Calling
from hub.services.ports import Button
from hub.services.sentences import spoken
from tests.hub.services.press_rig import PressRig, press_rig
from tests.world.waiting import wait_until
from wire.messages import AlertStage, read


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


async def said(rig: PressRig, count: int, device: str = "dev-1") -> list[tuple[str, str]]:
    """Stage and sentence of all that the device was told, once there are so many."""
    await wait_until(lambda: len(rig.publisher.to(device, "alert")) >= count, f"{count} stages")
    return [(one["stage"], one["say"]) for one in rig.publisher.to(device, "alert")]


async def tried(rig: PressRig, count: int, device: str = "dev-1") -> None:
    """Waits until so many stages found no link; only then may it come back without one of them going out."""
    await wait_until(lambda: rig.publisher.refused.count((device, "alert")) >= count, f"{count} stages tried")


async def test_an_elder_at_home_hears_every_stage_with_the_name_of_who_comes(rig: PressRig) -> None:
    alert = await rig.press()
    await said(rig, 1)
    await rig.pass_ms(15_000)
    await said(rig, 2)
    await rig.desk.accept(alert.id, "wang", 4)
    await said(rig, 3)
    await rig.desk.arrive(alert.id, "wang")
    await said(rig, 4)
    await rig.desk.close(alert.id, "wang", "好了", "door")
    assert await said(rig, 5) == [
        ("recorded", "已收到，正在叫人。"),
        ("notifying", "还在叫人，请不要着急。"),
        ("accepted", "王芳接了，大约4分钟到。"),
        ("arrived", "王芳到了。"),
        ("closed", "好了，有事再按。"),
    ]
    told = rig.publisher.to("dev-1", "alert")
    assert [one["stage_seq"] for one in told] == [0, 1, 2, 3, 4]
    assert {one["audio_sha256"] for one in told} == {sound.sha256 for sound in rig.publisher.sounds}


@pytest.mark.parametrize(("device", "button"), [("dev-1", "hall"), ("dev-1", "nobody-mapped-it"), ("dev-3", "x")])
async def test_a_shared_or_unknown_output_never_says_a_name(rig: PressRig, device: str, button: str) -> None:
    await rig.database.write(lambda tx: tx.devices.add_buttons([Button("dev-1", "hall", None, "shared")]))
    alert = await rig.press(button, device=device)
    await said(rig, 1, device)
    await rig.desk.accept(alert.id, "wang", 4)
    await said(rig, 2, device)
    await rig.desk.arrive(alert.id, "wang")
    words = " ".join(text for _, text in await said(rig, 3, device))
    assert "王芳" not in words
    assert "101" not in words


async def test_the_message_says_until_when_it_is_true(rig: PressRig) -> None:
    await rig.press()
    await said(rig, 1)
    [published] = [one for one in rig.publisher.published if one.kind == "alert"]
    assert published.content["valid_until_ms"] == rig.clock.now_ms() + tell.STALE_MS
    assert published.expiry_s == tell.STALE_MS // 1_000
    assert published.content["to"] == "dev-1"


async def test_without_a_voice_the_words_and_the_lamp_still_come(rig: PressRig) -> None:
    rig.sounds.error = RuntimeError("the voice died")
    await rig.press()
    await said(rig, 1)
    assert "audio_sha256" not in rig.publisher.to("dev-1", "alert")[0]


async def test_a_voice_that_hangs_is_waited_for_once_and_not_for_every_elder(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell, "VOICE_TIMEOUT_S", 0.01)
    rig.sounds.has_voice.clear()
    first = await rig.press()
    await said(rig, 1)
    await rig.desk.accept(first.id, "wang", 4)
    await rig.press("102")
    await said(rig, 3)
    assert len(rig.sounds.asked) == 1
    rig.sounds.has_voice.set()
    rig.clock.pass_ms(tell.MUTE_MS)
    await rig.press("103")
    await said(rig, 4)
    assert len(rig.sounds.asked) == 2
    assert "audio_sha256" in rig.publisher.to("dev-1", "alert")[-1]


async def test_what_found_no_link_is_told_after_the_next_connection(rig: PressRig) -> None:
    rig.publisher.is_connected = False
    await rig.press()
    await tried(rig, 1)
    rig.publisher.is_connected = True
    rig.clock.pass_ms(5_000)
    await rig.teller.resume()
    assert [stage for stage, _ in await said(rig, 1)] == ["recorded"]


async def test_after_a_crash_between_commit_and_telling_the_elder_is_told_at_the_next_start(rig: PressRig) -> None:
    rig.teller.submit = lambda tellings: None  # type: ignore[method-assign]  # the hub died here
    await rig.press()
    del rig.teller.submit
    await rig.teller.resume()
    assert [stage for stage, _ in await said(rig, 1)] == ["recorded"]


async def test_of_what_was_not_told_only_how_it_stands_now_is_told_later(rig: PressRig) -> None:
    rig.publisher.is_connected = False
    alert = await rig.press()
    await rig.pass_ms(15_000)
    await rig.desk.accept(alert.id, "wang", 4)
    await tried(rig, 3)
    rig.publisher.is_connected = True
    await rig.teller.resume()
    assert await said(rig, 1) == [("accepted", "王芳接了，大约4分钟到。")]


@pytest.mark.parametrize("by_ms", [tell.STALE_MS, -tell.STALE_MS - 1, -3_600_000])
async def test_what_was_not_told_in_time_is_not_told_any_more(rig: PressRig, by_ms: int) -> None:
    rig.publisher.is_connected = False
    await rig.press()
    await tried(rig, 1)
    rig.publisher.is_connected = True
    rig.clock.set_by(by_ms)
    await rig.teller.resume()
    await rig.press("102")
    [only] = await said(rig, 1)
    assert only[0] == "recorded"
    assert rig.publisher.to("dev-1", "alert")[0]["button"] == "102"


async def test_what_was_published_is_marked_and_not_told_again(rig: PressRig) -> None:
    alert = await rig.press()
    await said(rig, 1)

    async def is_marked() -> bool:
        return (await rig.tellings(alert.id))[0].sent_ms is not None

    await wait_until(is_marked, "the first is marked")
    await rig.teller.resume()
    await rig.press("102")
    await said(rig, 2)
    assert [one["button"] for one in rig.publisher.to("dev-1", "alert")].count("101") == 1


async def test_the_same_sentence_is_published_as_audio_once_until_its_expiry_comes_near(rig: PressRig) -> None:
    for number, wait_ms in enumerate((0, 1_000, 3_600_000)):
        rig.clock.pass_ms(wait_ms)
        await rig.press(f"button-{number}")
        await said(rig, number + 1)
    assert len(rig.publisher.sounds) == 2


async def test_an_erased_persons_name_is_said_no_more(rig: PressRig) -> None:
    alert = await rig.press()
    await said(rig, 1)
    await rig.desk.accept(alert.id, "wang", 4)
    await said(rig, 2)
    telling = (await rig.tellings(alert.id))[-1]
    calling_at_ms = rig.clock.now_ms()
    erased = [replace(telling, person_id="gone")]
    [said_now] = await rig.read(lambda tx: spoken(tx, Calling(tx, calling_at_ms), erased))
    assert said_now.text == "有人接了，正在赶来。"


async def test_what_is_published_is_a_message_of_the_contract(rig: PressRig) -> None:
    await rig.press("按钮 \u0001 一号")
    await said(rig, 1)
    message = read(AlertStage, json.dumps(rig.publisher.to("dev-1", "alert")[0]).encode())
    assert message.button == "按钮 \u0001 一号"


@pytest.mark.parametrize(("is_behind", "told"), [(True, 2), (False, 6)])
async def test_in_a_burst_elders_are_told_a_few_at_a_time_only_while_people_wait_to_be_asked(
    rig: PressRig, monkeypatch: pytest.MonkeyPatch, *, is_behind: bool, told: int
) -> None:
    monkeypatch.setattr(pacing, "PACE", 2)
    monkeypatch.setattr(pacing, "PACE_S", 3_600.0)
    monkeypatch.setattr(rig.dispatcher, "is_behind", lambda: is_behind)
    await rig.presses.take([rig.received(f"button-{number}") for number in range(5)])
    await said(rig, 2)
    await rig.press("button-6")
    await said(rig, told)
    assert len(rig.publisher.to("dev-1", "alert")) == told
