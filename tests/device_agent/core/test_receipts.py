"""Receipts: gathered for a while, except what somebody waits for."""

from device_agent.core import effects, receipts
from device_agent.core.receipts import GATHER_MS, ReceiptsState
from tests.device_agent.core.values import UNIX_MS, at
from wire.messages import ReceiptState

RECEIVED, VERIFIED, READY = ReceiptState.RECEIVED, ReceiptState.VERIFIED, ReceiptState.READY


def sent(todo: list[effects.Effect]) -> list[tuple[str, list[str]]]:
    return [
        (each.receipt.announcement_id, [state.state.value for state in each.receipt.states])
        for each in todo
        if isinstance(each, effects.SendReceipt)
    ]


def test_early_states_wait_for_each_other_and_keep_their_instants() -> None:
    state, todo = receipts.reached(ReceiptsState(), "n", [RECEIVED, VERIFIED], at(0))
    assert todo == []
    state, todo = receipts.reached(state, "n", [READY], at(400))
    assert (todo, receipts.due(state)) == ([], GATHER_MS)
    assert receipts.tick(state, at(GATHER_MS - 1)) == (state, [])
    state, todo = receipts.tick(state, at(GATHER_MS))
    (effect,) = todo
    assert isinstance(effect, effects.SendReceipt)
    assert [each.at_ms - UNIX_MS for each in effect.receipt.states] == [0, 0, 400]
    assert (state, receipts.due(state)) == (ReceiptsState(), None)


def test_announcements_do_not_wait_for_each_other() -> None:
    state, _ = receipts.reached(ReceiptsState(), "n", [RECEIVED], at(0))
    state, _ = receipts.reached(state, "m", [RECEIVED], at(300))
    state, todo = receipts.tick(state, at(GATHER_MS + 100))
    assert sent(todo) == [("n", ["received"])]
    assert receipts.due(state) == GATHER_MS + 300


def test_every_other_state_goes_out_at_once_and_takes_along_what_was_gathered() -> None:
    for end in set(ReceiptState) - receipts.GATHERED:
        state, _ = receipts.reached(ReceiptsState(), "n", [RECEIVED], at(0))
        state, todo = receipts.reached(state, "n", [end], at(1))
        assert sent(todo) == [("n", ["received", end.value])]
        assert receipts.due(state) is None


def test_a_reason_fits_into_the_message() -> None:
    _, todo = receipts.reached(ReceiptsState(), "n", [ReceiptState.FAILED], at(0), reason="x" * 500)
    (effect,) = todo
    assert isinstance(effect, effects.SendReceipt)
    assert effect.receipt.reason == "x" * 200


def test_one_state_from_before_the_hubs_time_was_known_makes_no_time_of_its_receipt_count() -> None:
    for is_learned in (True, False):
        state, _ = receipts.reached(ReceiptsState(), "n", [RECEIVED], at(0, is_learned=is_learned))
        state, _ = receipts.reached(state, "n", [VERIFIED], at(200))
        _, told = receipts.tick(state, at(GATHER_MS))
        _, ended = receipts.reached(state, "n", [ReceiptState.FAILED], at(300))
        for effect in (*told, *ended):
            assert isinstance(effect, effects.SendReceipt)
            assert effect.receipt.is_clock_known is is_learned


def test_at_the_end_everything_is_sent() -> None:
    state, _ = receipts.reached(ReceiptsState(), "n", [RECEIVED], at(0))
    state, _ = receipts.reached(state, "m", [RECEIVED], at(0))
    state, todo = receipts.flush(state)
    assert len(sent(todo)) == 2
    assert state == ReceiptsState()
