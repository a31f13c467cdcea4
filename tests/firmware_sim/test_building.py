"""Simulated buildings on a real broker: the real agent, its faults, and what the hub hears of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_agent.core.nightly import MOST_TRIES, own_ms
from firmware_sim.building import NoSuchThing
from firmware_sim.fleet import Fault
from tests.device_agent.fake_hub import now_ms, signed
from tests.device_agent.hardware.test_decoding import encode
from tests.device_agent.speech import LIFT, POWER, WATER, speak
from tests.firmware_sim.town import BUTTON, Town, town, wait_until
from wire import messages, topics

A, B = "building-a", "building-b"


@pytest.fixture(scope="module")
def notice() -> tuple[bytes, int]:
    """A short notice as an Opus file, and its length in ms."""
    pcm = speak(WATER)
    return encode(pcm), len(pcm) // 48


async def proved(there: Town, announcement_id: str, *names: str) -> dict[str, messages.Evidence]:
    """Waits for the evidence of all these buildings."""

    def found() -> dict[str, messages.Evidence]:
        return {
            name: receipt.evidence
            for name in names
            for receipt in there.hub.receipts.get((name, announcement_id), [])
            if receipt.evidence is not None
        }

    await there.hub.until(lambda: len(found()) == len(names))
    return found()


def starts(there: Town, announcement_id: str, *names: str) -> set[int]:
    """The instants at which these buildings began to play; a receipt may come twice."""
    return {
        receipt.started_at_ms
        for name in names
        for receipt in there.hub.receipts[name, announcement_id]
        if receipt.started_at_ms is not None
    }


async def test_an_announcement_is_heard_in_every_building(tmp_path: Path, notice: tuple[bytes, int]) -> None:
    async with town(tmp_path, A, B) as there:
        announcement_id = await there.hub.announce("all", *notice)
        evidence = await proved(there, announcement_id, A, B)
        assert all(each.heard for each in evidence.values())
        for name in (A, B):
            told = there.hub.states(name, announcement_id)
            assert list(dict.fromkeys(told)) == ["received", "verified", "ready", "playing", "played"]


@pytest.mark.parametrize("step_ms", [-3_600_000, 3_600_000])
async def test_right_after_the_hubs_clock_was_set_a_warning_sounds(
    tmp_path: Path, notice: tuple[bytes, int], step_ms: int
) -> None:
    async with town(tmp_path, A) as there:
        there.hub.clock_error_ns = step_ms * 1_000_000
        audio, duration_ms = notice
        hub_ms = now_ms() + step_ms
        head = {**signed("all"), "issued_ms": hub_ms, "valid_until_ms": hub_ms + 600_000}
        red = messages.Manifest(
            **head,
            announcement_id="red",
            priority=250,
            title="红色预警",
            text="红色预警",
            audio_sha256=await there.hub.publish_audio(audio),
            duration_ms=duration_ms,
            play_at_ms=hub_ms + 1_000,
        )
        await there.hub.send(topics.place("test", "all"), red)
        await there.hub.until(lambda: "played" in there.hub.states(A, "red"))
        (started_ms,) = starts(there, "red", A)
        assert abs(started_ms - red.play_at_ms) < 60_000  # by the clock as it is now


FAULTS = {
    Fault.SILENT_SPEAKER: (1.0, "silent"),
    Fault.QUIET_SPEAKER: (26.0, "too_quiet"),
    Fault.DISTORTED_SPEAKER: (1.0, "distorted"),
    Fault.WRONG_AUDIO: (1.0, "wrong_audio"),
    Fault.DEAD_MICROPHONE: (1.0, "dead_microphone"),
    Fault.NO_MICROPHONE: (1.0, "dead_microphone"),
    Fault.NOISY_ROOM: (1.0, "unjudged"),
}
"""How strong each is made, and what is found."""


async def test_each_building_says_from_the_sound_alone_what_is_wrong_there(tmp_path: Path) -> None:
    names = [fault.value.replace("_", "-") for fault in FAULTS]
    pcm = speak(POWER)
    async with town(tmp_path, A, *names) as there:
        for name, (fault, (value, _)) in zip(names, FAULTS.items(), strict=True):
            there.buildings[name].fault(fault, value)
        announcement_id = await there.hub.announce("all", encode(pcm), len(pcm) // 48, in_ms=2_000)
        evidence = await proved(there, announcement_id, A, *names)
        found = {name: evidence[name].finding for name in names}
        assert found == dict(zip(names, (finding for _, finding in FAULTS.values()), strict=True))
        assert evidence[A].finding == "fine"
        heard = {name for name, each in evidence.items() if each.heard}
        assert heard == {A, "quiet-speaker", "distorted-speaker"}
        for name in names:
            assert there.hub.states(name, announcement_id)[-1] == "played"
            building = there.buildings[name].agent
            assert building is not None
            assert building.state.proofs.speaker_ms is None
            assert building.health().finding == evidence[name].finding


async def test_a_press_reaches_the_hub_and_each_stage_is_told(tmp_path: Path, notice: tuple[bytes, int]) -> None:
    async with town(tmp_path, A) as there:
        await there.buildings[A].press(BUTTON, "press")
        await there.hub.until(lambda: there.hub.presses.get(A))
        sha256 = await there.hub.publish_audio(notice[0])
        for seq, stage in enumerate(["recorded", "notifying", "accepted"]):
            await there.hub.stage(A, BUTTON, stage, seq, "a-1", sha256 if stage == "accepted" else None)
        await wait_until(lambda: any(each["said"] for each in there.told(A)))
        await there.hub.stage(A, BUTTON, "closed", 9, "a-1")
        await wait_until(lambda: len(there.told(A)) == 5)
        assert [(each["stage"], each["lamp"], each["said"]) for each in there.told(A)] == [
            ("recorded", "recorded", False),
            ("notifying", "searching", False),
            ("accepted", "accepted", False),
            ("accepted", "accepted", True),
            ("closed", "nothing", False),
        ]


async def test_a_press_without_a_network_is_told_as_that_and_reaches_the_hub_after_a_reboot(
    tmp_path: Path,
) -> None:
    async with town(tmp_path, A) as there:
        building = there.buildings[A]
        building.fault(Fault.LINK_DOWN, 1)
        await wait_until(lambda: not building.is_linked)
        await building.press(BUTTON, "press")
        await wait_until(lambda: any(each["said"] for each in there.told(A)))
        assert [(each["stage"], each["alert_id"]) for each in there.told(A)] == [(None, None)] * 2
        assert not there.hub.presses
        building.fault(Fault.REBOOT, 0)
        building.fault(Fault.LINK_DOWN, 0)
        await there.hub.until(lambda: there.hub.presses.get(A))
        await wait_until(lambda: building.agent is not None and not building.agent.state.presses.waiting)


async def test_a_cut_link_is_seen_as_offline_and_comes_back_with_another_session(tmp_path: Path) -> None:
    async with town(tmp_path, A) as there:
        before = there.hub.statuses[A].session
        there.buildings[A].fault(Fault.LINK_DOWN, 1)
        await there.hub.until(lambda: there.hub.statuses[A].state is messages.LinkState.OFFLINE)
        assert there.hub.statuses[A].session == before
        there.buildings[A].fault(Fault.LINK_DOWN, 0)
        await there.hub.until(lambda: there.hub.statuses[A].state is messages.LinkState.ONLINE)
        assert there.hub.statuses[A].session != before


async def test_with_every_message_doubled_and_late_it_is_one_press_and_one_playing(
    tmp_path: Path, notice: tuple[bytes, int]
) -> None:
    async with town(tmp_path, A) as there:
        there.buildings[A].fault(Fault.DUPLICATES, 1)
        there.buildings[A].fault(Fault.DELAY, 5)
        await there.buildings[A].press(BUTTON, "press")
        announcement_id = await there.hub.announce("all", *notice)
        await proved(there, announcement_id, A)
        assert len({(each.press_id, each.pressed_at_ms, each.seq) for each in there.hub.presses[A]}) == 1
        assert len(starts(there, announcement_id, A)) == 1
        assert "rejected" not in there.hub.states(A, announcement_id)


async def test_a_wall_clock_that_is_minutes_off_changes_nothing_but_is_reported(
    tmp_path: Path, notice: tuple[bytes, int]
) -> None:
    async with town(tmp_path, A, B) as there:
        there.buildings[A].fault(Fault.CLOCK_SKEW, 300_000)
        await there.buildings[A].press(BUTTON, "press")
        await there.hub.until(lambda: there.hub.presses.get(A))
        assert abs(there.hub.presses[A][0].pressed_at_ms - now_ms()) < 60_000
        announcement_id = await there.hub.announce("all", *notice)
        assert (await proved(there, announcement_id, A))[A].heard
        agent = there.buildings[A].agent
        assert agent is not None
        assert (agent.health().clock_offset_ms or 0) > 290_000


async def test_what_nobody_signed_is_refused_and_reported(tmp_path: Path, notice: tuple[bytes, int]) -> None:
    async with town(tmp_path, A) as there:
        sha256 = await there.hub.publish_audio(notice[0])
        forged = messages.Manifest(
            **signed("all"),
            announcement_id="forged",
            priority=250,
            title="x",
            text="x",
            audio_sha256=sha256,
            duration_ms=notice[1],
            play_at_ms=now_ms(),
        )
        await there.hub.publish(topics.place("test", "all"), forged.to_payload(), [])
        await there.hub.until(lambda: (A, "forged") in there.hub.receipts)
        (receipt,) = there.hub.receipts[A, "forged"]
        assert (receipt.states[0].state.value, receipt.reason) == ("rejected", "unsigned")


async def test_a_reboot_in_the_middle_is_told_as_failed_and_not_played_again(tmp_path: Path) -> None:
    pcm = speak(LIFT)  # long: whoever is told that it plays must not find it ended
    async with town(tmp_path, A) as there:
        announcement_id = await there.hub.announce("all", encode(pcm), len(pcm) // 48)
        await there.hub.until(lambda: "playing" in there.hub.states(A, announcement_id))
        there.buildings[A].fault(Fault.REBOOT, 0)
        await there.hub.until(lambda: "failed" in there.hub.states(A, announcement_id))
        assert len(starts(there, announcement_id, A)) == 1
        assert "played" not in there.hub.states(A, announcement_id)


async def test_a_self_test_is_answered_with_what_was_heard(tmp_path: Path) -> None:
    async with town(tmp_path, A) as there:
        command = messages.SelfTest(**signed(A))
        await there.hub.send(topics.device(A, "command"), command)
        await there.hub.until(lambda: there.hub.replies)
        (reply,) = there.hub.replies
        assert (reply.command_id, reply.is_ok) == (command.id, True)
        assert reply.evidence is not None
        assert reply.evidence.finding == "fine"


async def test_at_its_time_of_the_night_a_building_proves_itself_or_says_what_is_wrong(tmp_path: Path) -> None:
    async with town(tmp_path, A, B) as there:
        there.buildings[B].fault(Fault.SILENT_SPEAKER, 1)
        for name in (A, B):
            await there.hub.configure(name, [name, "all"], self_test_minute=minute_whose_test_is_now(name))

        def finding(name: str) -> str | None:
            agent = there.buildings[name].agent
            return None if agent is None else agent.health().finding

        await wait_until(lambda: (finding(A), finding(B)) == ("fine", "silent"))
        before = there.buildings[A].agent
        assert before is not None
        night = before.state.nightly.night
        assert night is not None
        assert night.tries == MOST_TRIES
        there.buildings[A].fault(Fault.REBOOT, 0)
        await wait_until(lambda: there.buildings[A].agent is not None and there.buildings[A].is_linked)
        again = there.buildings[A].agent
        assert again is not None
        assert again.state.nightly.night == night
        assert again.state.nightly.sounding is None


def minute_whose_test_is_now(device: str) -> int:
    """The setting, in minutes of the day, with which this device's test of the night began within the last minute."""
    minutes_there = (now_ms() + 8 * 3_600_000) // 60_000
    return (minutes_there - own_ms(device) // 60_000 - 1) % 1440


async def test_an_orderly_end_says_offline(tmp_path: Path) -> None:
    async with town(tmp_path, A) as there:
        await there.end_buildings()
        await there.hub.until(lambda: there.hub.statuses[A].state is messages.LinkState.OFFLINE)


async def test_a_button_or_gesture_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with town(tmp_path, A) as there:
        with pytest.raises(NoSuchThing, match="99"):
            await there.buildings[A].press("99", "press")
        with pytest.raises(NoSuchThing, match="dance"):
            await there.buildings[A].press(BUTTON, "dance")
