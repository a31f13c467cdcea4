"""Every message of the contract: one golden file each, and what must not be read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from wire import messages
from wire.messages import Message, Unreadable

GOLDEN = Path(__file__).parent / "golden"

KINDS: dict[str, type[Message]] = {
    "status": messages.Status,
    "press": messages.Press,
    "receipt": messages.Receipt,
    "health": messages.Health,
    "clock_probe": messages.ClockProbe,
    "reply": messages.Reply,
    "accepted": messages.Accepted,
    "alert_stage": messages.AlertStage,
    "config": messages.Config,
    "manifest": messages.Manifest,
    "stop": messages.Stop,
    "live": messages.Live,
    "live_end": messages.LiveEnd,
    "volume": messages.Volume,
    "self_test": messages.SelfTest,
    "restart": messages.Restart,
    "clock_answer": messages.ClockAnswer,
    "hub_status": messages.HubStatus,
}
"""Golden files by name; each has every field of its message."""


def concrete(kind: type[Message]) -> set[type[Message]]:
    below = {each for child in kind.__subclasses__() for each in concrete(child)}
    return below or {kind}


def test_every_message_kind_has_a_golden_file() -> None:
    parts = {messages.StateAt, messages.Evidence, messages.QuietHours}
    of_the_wire = {each for each in concrete(Message) if each.__module__ == "wire.messages"}
    assert of_the_wire - parts == set(KINDS.values())
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_golden_file_is_read_and_written_as_it_is(name: str) -> None:
    payload = (GOLDEN / f"{name}.json").read_bytes()
    message = messages.read(KINDS[name], payload)
    assert json.loads(message.to_payload()) == json.loads(payload)


@pytest.mark.parametrize("name", KINDS)
def test_a_golden_file_shows_every_field(name: str) -> None:
    assert set(json.loads((GOLDEN / f"{name}.json").read_bytes())) == set(KINDS[name].model_fields)


@pytest.mark.parametrize("name", KINDS)
def test_an_unknown_field_is_skipped(name: str) -> None:
    content = json.loads((GOLDEN / f"{name}.json").read_bytes())
    known = messages.read(KINDS[name], json.dumps(content).encode())
    assert messages.read(KINDS[name], json.dumps({**content, "of_version_2": [1]}).encode()) == known


@pytest.mark.parametrize("name", ["manifest", "stop"])
def test_an_announce_is_read_by_its_kind(name: str) -> None:
    assert isinstance(messages.read_announce((GOLDEN / f"{name}.json").read_bytes()), KINDS[name])


@pytest.mark.parametrize("name", ["volume", "self_test", "restart"])
def test_a_command_is_read_by_its_kind(name: str) -> None:
    assert isinstance(messages.read_command((GOLDEN / f"{name}.json").read_bytes()), KINDS[name])


def test_an_unknown_kind_is_refused() -> None:
    content = json.loads((GOLDEN / "stop.json").read_bytes())
    with pytest.raises(Unreadable):
        messages.read_announce(json.dumps({**content, "kind": "dance"}).encode())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"press_id": "with space"}, "press_id"),
        ({"press_id": "x" * 65}, "press_id"),
        ({"press_id": None}, "press_id"),
        ({"gesture": "wave"}, "gesture"),
        ({"pressed_at_ms": 2**53 + 1}, "pressed_at_ms"),
        ({"seq": -1}, "seq"),
        ({"button": ""}, "button"),
    ],
)
def test_the_reason_names_the_field_that_is_wrong(changed: dict[str, object], named: str) -> None:
    content = json.loads((GOLDEN / "press.json").read_bytes())
    with pytest.raises(Unreadable, match=named):
        messages.read(messages.Press, json.dumps({**content, **changed}).encode())


def test_a_payload_larger_than_any_message_is_not_read() -> None:
    content = json.loads((GOLDEN / "press.json").read_bytes())
    content["padding"] = "x" * messages.MAX_JSON_BYTES
    with pytest.raises(Unreadable, match="bytes"):
        messages.read(messages.Press, json.dumps(content).encode())


@given(st.binary(max_size=200))
def test_rubbish_is_unreadable_and_nothing_else(payload: bytes) -> None:
    with pytest.raises(Unreadable):
        messages.read(messages.Manifest, payload)


PRESSES = st.builds(
    messages.Press,
    press_id=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    button=st.text(min_size=1, max_size=64),
    gesture=st.sampled_from(messages.Gesture),
    pressed_at_ms=st.integers(-(2**53), 2**53),
    seq=st.integers(0, 2**53),
)


@given(PRESSES)
def test_what_is_written_can_be_read(press: messages.Press) -> None:
    assert messages.read(messages.Press, press.to_payload()) == press


def test_a_message_does_not_change() -> None:
    press = TypeAdapter(messages.Press).validate_json((GOLDEN / "press.json").read_bytes())
    with pytest.raises(ValueError, match="frozen"):
        press.seq = 2


def test_an_agent_from_before_the_question_whether_it_knows_the_time_counts_as_knowing_it() -> None:
    payload = json.loads((GOLDEN / "receipt.json").read_bytes())
    del payload["is_clock_known"]
    assert messages.read(messages.Receipt, json.dumps(payload).encode()).is_clock_known


@pytest.mark.parametrize("finding", ["sings", 7, ["silent"], {"is": "silent"}])
def test_a_finding_that_only_newer_devices_know_leaves_the_rest_of_its_receipt_readable(finding: object) -> None:
    payload = json.loads((GOLDEN / "receipt.json").read_bytes())
    payload["evidence"]["finding"] = finding
    receipt = messages.read(messages.Receipt, json.dumps(payload).encode())
    assert receipt.evidence is not None
    assert (receipt.evidence.heard, receipt.evidence.finding) == (True, None)
