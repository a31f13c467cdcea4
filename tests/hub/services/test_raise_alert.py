"""Presses become alerts: read, joined, stored once, never lost, whatever bytes come."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.alerts import Kind, Purpose, State
from hub.domain.people import ChannelName
from hub.domain.words import say
from hub.services.ports import Button, PressRow
from hub.services.raise_alert import UNREADABLE_BUTTON, Received, read_press
from tests.hub.services.press_rig import PressRig, all_presses, press_rig
from wire.messages import MAX_JSON_BYTES, Gesture


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[PressRig]:
    async with press_rig(tmp_path) as made:
        yield made


def raw(payload: bytes, device: str = "dev-1") -> Received:
    return Received(device, payload, 1_700_000_000_000)


async def stored(rig: PressRig, received: Received) -> PressRow:
    """The row that was stored for a readable press."""
    key = read_press(received).key
    return (await rig.read(lambda tx: tx.presses.known([key])))[key]


# --- joining -------------------------------------------------------------------------------------------


async def test_presses_of_one_button_join_one_alert_and_those_of_another_do_not(rig: PressRig) -> None:
    first, again, other = await rig.press(), await rig.press(), await rig.press("102")
    assert first.id == again.id != other.id
    assert len(await rig.stored(first.id)) == 2
    assert [press.is_new_alert for press in await rig.stored(first.id)] == [True, False]


async def test_two_buttons_of_one_home_make_one_alert(rig: PressRig) -> None:
    await rig.database.write(lambda tx: tx.devices.add_buttons([Button("dev-2", "bed", "home-1-101", "home")]))
    by_the_door, by_the_bed = await rig.press(), await rig.press("bed", device="dev-2")
    assert by_the_door.id == by_the_bed.id
    assert by_the_bed.place == "building-1"


async def test_the_same_button_on_two_devices_makes_two_alerts(rig: PressRig) -> None:
    assert (await rig.press("x", device="dev-2")).id != (await rig.press("x", device="dev-3")).id


async def test_a_press_after_the_closing_is_a_new_alert(rig: PressRig) -> None:
    first = await rig.press()
    await rig.desk.close(first.id, "wang", "好了", "conversation")
    assert (await rig.press()).id != first.id


async def test_a_batch_of_presses_of_one_button_is_one_alert_with_the_answer_to_each(rig: PressRig) -> None:
    batch = [rig.received() for _ in range(3)]
    await rig.presses.take([batch[0], batch[1], batch[0], batch[2]])
    [alert] = await rig.alerts()
    presses = await rig.stored(alert.id)
    assert [press.is_new_alert for press in presses] == [True, False, False]
    assert (await rig.journal(alert.id)).count("hurried") == 1
    assert alert.version == 1


async def test_an_unknown_button_raises_an_alert_at_the_devices_place(rig: PressRig) -> None:
    alert = await rig.press("nobody-mapped-it")
    assert (alert.place, alert.home_id, alert.joins) == ("building-1", None, "dev-1/nobody-mapped-it")


async def test_an_unknown_device_raises_an_alert_for_the_whole_community(rig: PressRig) -> None:
    alert = await rig.press("b", device="never-heard-of")
    assert alert.place == "all"
    asked = {one.person_id for one in await rig.notifications(alert.id) if one.purpose is Purpose.ASK}
    assert {"sun", None} <= asked


# --- repeats -------------------------------------------------------------------------------------------


async def test_a_repeat_changes_nothing_even_after_the_alert_was_closed(rig: PressRig) -> None:
    received = rig.received()
    await rig.presses.take([received])
    [alert] = await rig.alerts()
    await rig.desk.close(alert.id, "wang", "好了", "conversation")
    await rig.presses.take([replace(received, received_ms=received.received_ms + 86_400_000)])
    assert len(await rig.alerts()) == 1
    assert (await rig.alert(alert.id)).state is State.CLOSED


@pytest.mark.parametrize(
    "change",
    [{"pressed_at_ms": 5}, {"seq": 99}, {"button": "102"}, {"gesture": "service"}],
)
async def test_other_content_under_an_old_id_is_a_new_press(rig: PressRig, change: dict[str, object]) -> None:
    received = rig.received(press_id="same")
    other = replace(received, payload=json.dumps(json.loads(received.payload) | change).encode())
    await rig.presses.take([received])
    await rig.presses.take([other])
    rows = [press for alert in await rig.alerts() for press in await rig.stored(alert.id)]
    assert len(rows) == 2


@pytest.mark.parametrize("pressed_at_ms", [0, -(2**53), 2**53, -1, 4_102_444_800_000])
async def test_a_clock_that_is_years_off_changes_nothing_about_the_alert(rig: PressRig, pressed_at_ms: int) -> None:
    received = rig.received()
    content = json.loads(received.payload) | {"pressed_at_ms": pressed_at_ms}
    await rig.presses.take([replace(received, payload=json.dumps(content).encode())])
    [alert] = await rig.alerts()
    assert alert.opened_ms == rig.clock.now_ms()
    assert alert.due_ms == rig.clock.now_ms() + 45_000
    assert (await rig.stored(alert.id))[0].pressed_at_ms == pressed_at_ms


# --- gestures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gesture", [Gesture.CANCEL, Gesture.OK])
async def test_a_gesture_that_calls_nobody_is_recorded_and_opens_nothing(rig: PressRig, gesture: Gesture) -> None:
    received = rig.received(gesture=gesture.value)
    await rig.presses.take([received])
    assert await rig.alerts() == []
    assert (await stored(rig, received)).alert_id is None


async def test_an_arrival_that_finds_no_alert_is_a_press(rig: PressRig) -> None:
    alert = await rig.press(gesture="arrival")
    assert alert.state is State.OPEN


async def test_the_arrival_rhythm_arrives_at_an_accepted_alert(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    assert (await rig.press(gesture="arrival")).state is State.ARRIVED


async def test_the_rhythm_of_a_helper_who_comes_late_arrives_and_sends_back_whom_its_first_press_called(
    rig: PressRig,
) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 30)
    await rig.pass_ms(11 * 60_000)
    for _ in range(3):
        assert (await rig.press()).state is State.OPEN  # the elder may have pressed
        await rig.pass_ms(3_000)
    there = await rig.press(gesture="arrival")
    assert (there.state, there.acceptor_id) == (State.ARRIVED, "wang")
    notes = await rig.notifications(alert.id)
    called = {one.person_id for one in notes if one.purpose is Purpose.ASK and one.rung > 0}
    assert "chen" in called
    assert called <= {one.person_id for one in notes if one.purpose is Purpose.THANKS} | {"wang"}


async def test_a_rhythm_that_comes_in_one_batch_with_its_presses_is_an_arrival_too(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 30)
    await rig.pass_ms(11 * 60_000)
    gestures = ("press", "press", "press", "arrival")
    await rig.presses.take([rig.received(gesture=one) for one in gestures])
    assert (await rig.alert(alert.id)).state is State.ARRIVED


async def test_the_rhythm_of_whoever_was_said_to_be_there_keeps_it_so(rig: PressRig) -> None:
    alert = await rig.press()
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.arrive(alert.id, "wang")
    assert (await rig.press()).state is State.OPEN
    await rig.pass_ms(9_000)
    assert (await rig.press(gesture="arrival")).state is State.ARRIVED


async def test_the_rhythm_of_whoever_comes_for_a_service_takes_back_the_call_of_its_first_press(rig: PressRig) -> None:
    alert = await rig.press(gesture="service")
    await rig.desk.accept(alert.id, "wang", 30)
    assert (await rig.press()).state is State.OPEN
    await rig.pass_ms(9_000)
    there = await rig.press(gesture="arrival")
    assert (there.state, there.acceptor_id) == (State.ARRIVED, "wang")
    notes = await rig.notifications(alert.id)
    assert {one.person_id for one in notes if one.purpose is Purpose.THANKS} >= {"li", "chen"}


async def test_an_elder_who_presses_slowly_and_has_been_left_is_not_taken_for_a_helper(rig: PressRig) -> None:
    alert = await rig.press()
    assert (await rig.press(gesture="arrival")).state is State.OPEN
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.desk.withdraw(alert.id, "wang")
    assert (await rig.press(gesture="arrival")).state is State.OPEN


async def test_a_cancel_changes_nothing_and_asks_everybody_who_was_asked_to_make_sure(rig: PressRig) -> None:
    before = await rig.press()
    after = await rig.press(gesture="cancel")
    assert replace(after, version=before.version) == before
    told = [one for one in await rig.notifications(before.id) if one.purpose is Purpose.SAID_FINE]
    assert {one.person_id for one in told} == {"wang", "li"}


async def test_nobody_is_asked_by_a_press_whose_rhythm_came_in_the_same_batch(rig: PressRig) -> None:
    alert = await rig.press(gesture="service")
    await rig.desk.accept(alert.id, "wang", 4)
    await rig.presses.take([rig.received(), rig.received(gesture="arrival")])
    assert (await rig.alert(alert.id)).state is State.ARRIVED
    asks = [one for one in await rig.notifications(alert.id) if one.purpose is Purpose.ASK and one.person_id]
    assert asks
    assert [one for one in asks if one.state == "due"] == []


async def test_a_request_for_service_asks_with_other_words_until_somebody_calls_for_help(rig: PressRig) -> None:
    alert = await rig.press(gesture="service")
    assert alert.kind is Kind.SERVICE
    urgent = await rig.press()
    assert (urgent.id, urgent.kind, urgent.due_ms) == (alert.id, Kind.CALL, rig.clock.now_ms())
    page = rig.channels[ChannelName.PAGE]
    await page.wait_sent(4)
    for person in ("wang", "li"):
        service, call = [message.text for one, message in page.sent if one.person_id == person]
        assert service == say("ask.service", "zh", place="1栋101室")
        assert call == say("ask", "zh", place="1栋101室")


# --- what cannot be read -------------------------------------------------------------------------------

UNREADABLE = [
    b"",
    b"1",
    b"null",
    b"[]",
    b"{}",
    b'"press"',
    b"\xff\xfe\x00",
    b'{"press_id":"a"}',
    b'{"press_id":"a","button":"101","pressed_at_ms":1e400,"seq":1}',
    b'{"press_id":"a","button":"101","pressed_at_ms":1,"seq":-1}',
    b'{"press_id":"a","button":"101","pressed_at_ms":NaN,"seq":1}',
    b'{"press_id":"a","button":"101","pressed_at_ms":9007199254740993,"seq":1}',
    b'{"press_id":"a b","button":"101","pressed_at_ms":1,"seq":1}',
    b'{"press_id":"a","button":"","pressed_at_ms":1,"seq":1}',
    b'{"press_id":"a","button":"\\ud800","pressed_at_ms":1,"seq":1}',
    b'{"press_id":"a","button":"\xed\xa0\x80","pressed_at_ms":1,"seq":1}',
    b'{"press_id":"a","button":"101","gesture":"dance","pressed_at_ms":1,"seq":1}',
    b"[" * 100_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    b" " * (MAX_JSON_BYTES + 1),
    b"x" * 1_000_000,
    b"9" * 5_000,
]


@pytest.mark.parametrize("payload", UNREADABLE, ids=range(len(UNREADABLE)))
async def test_a_press_that_cannot_be_read_raises_an_alert_and_is_kept_whole(rig: PressRig, payload: bytes) -> None:
    await rig.presses.take([raw(payload)])
    [alert] = await rig.alerts()
    assert (alert.kind, alert.button, alert.place) == (Kind.UNREADABLE, UNREADABLE_BUTTON, "building-1")
    assert [press.raw for press in await rig.stored(alert.id)] == [payload]


async def test_unreadable_presses_of_one_device_join_one_alert_and_none_is_swallowed(rig: PressRig) -> None:
    for _ in range(3):
        await rig.presses.take([raw(b"same"), raw(b"same"), raw(b"same", "dev-2")])
    alerts = await rig.alerts()
    assert sorted(alert.device for alert in alerts) == ["dev-1", "dev-2"]
    assert sorted([len(await rig.stored(alert.id)) for alert in alerts]) == [3, 6]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"press_id":"a","button":"101","pressed_at_ms":1,"seq":1,"seq":2}',
        b'{"press_id":"a","button":"101","pressed_at_ms":1,"seq":1,"gesture":"press","later":{"x":[1e400]}}',
        b'{"press_id":"a","button":"101","pressed_at_ms":1.0,"seq":1}',
        b'{"press_id":"a","button":"a/b/c #+","pressed_at_ms":1,"seq":1}',
        '{"press_id":"a","button":"一\\u0000二😀\\u202e","pressed_at_ms":1,"seq":1,"episode_id":"e"}'.encode(),
    ],
)
async def test_odd_payloads_are_read_or_kept_but_never_lost(rig: PressRig, payload: bytes) -> None:
    await rig.presses.take([raw(payload)])
    [alert] = await rig.alerts()
    [press] = await rig.stored(alert.id)
    assert press.raw in (None, payload)
    await rig.presses.take([raw(payload)])
    assert len(await rig.stored(alert.id)) == (1 if press.raw is None else 2)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "press_id": st.text(max_size=66) | JSON,
        "button": st.text(max_size=66) | JSON,
        "gesture": st.sampled_from([gesture.value for gesture in Gesture]) | JSON,
        "pressed_at_ms": st.integers() | JSON,
        "seq": st.integers() | JSON,
        "episode_id": st.text(max_size=8) | JSON,
        "unknown": JSON,
    },
)
WHOLE = st.builds(
    lambda press_id, button, gesture, at_ms, seq: {
        "press_id": press_id,
        "button": button,
        "gesture": gesture,
        "pressed_at_ms": at_ms,
        "seq": seq,
    },
    st.from_regex(r"[A-Za-z0-9-]{1,3}", fullmatch=True),
    st.text(min_size=1, max_size=64),
    st.sampled_from([gesture.value for gesture in Gesture]),
    st.integers(-(2**53), 2**53),
    st.integers(0, 2**53),
)
PAYLOADS = st.one_of(
    st.binary(max_size=200), JSON.map(json.dumps).map(str.encode), (NEARLY | WHOLE).map(json.dumps).map(str.encode)
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(batches=st.lists(st.lists(PAYLOADS, min_size=1, max_size=8), min_size=1, max_size=3))
async def test_any_bytes_end_as_a_stored_press_with_an_alert_or_a_recorded_gesture(
    rig: PressRig, batches: list[list[bytes]]
) -> None:
    for batch in batches:
        received = [raw(payload, "dev-2") for payload in batch]
        before = {press.key for press in await rig.read(all_presses)}
        await rig.presses.take(received)
        after = await rig.read(all_presses)
        new = [press for press in after if press.key not in before]
        readable = {read_press(one).key for one in received if read_press(one).raw is None}
        assert {press.key for press in new if press.raw is None} == readable - before
        assert sorted(press.raw for press in new if press.raw is not None) == sorted(
            one.payload for one in received if read_press(one).raw is not None
        )
        for press in after:
            assert press.alert_id is not None or press.gesture in (Gesture.CANCEL, Gesture.OK)
    still_open = [alert.joins for alert in await rig.read(lambda tx: tx.alerts.not_closed())]
    assert len(still_open) == len(set(still_open))
