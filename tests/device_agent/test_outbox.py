"""What is on disk, also after the worst of ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device_agent import outbox as on_disk
from device_agent.core.clock import Estimate
from device_agent.core.effects import Step
from device_agent.core.health import Proofs
from device_agent.core.noise import Noise
from device_agent.core.presses import Kept
from device_agent.outbox import Outbox
from tests.device_agent.core.values import UNIX_MS, manifest, signed, timeline
from wire.messages import Config, Press, Receipt, ReceiptState, StateAt


def press(seq: int) -> Press:
    return Press(press_id=f"p-{seq}", button="b", pressed_at_ms=UNIX_MS + seq, seq=seq)


def reopened(outbox: Outbox, path: Path) -> Outbox:
    outbox.close()
    return Outbox(path)


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    config = Config(**signed(), community="taohua", places=["all"], timezone="Asia/Shanghai")
    salt = outbox.load().salt
    for seq in range(3):
        outbox.store_press(press(seq))
    outbox.press_accepted("p-0", UNIX_MS)
    outbox.press_accepted("p-1", UNIX_MS)
    outbox.press_waits_again("p-1")
    outbox.keep_restore(UNIX_MS)
    outbox.store_manifest(manifest())
    outbox.store_step("n-1", Step.STARTED)
    outbox.store_seen("m-1", UNIX_MS + 5, None)
    outbox.store_config(config)
    outbox.store_proofs(Proofs(1, 2, {"b": 3}))
    outbox.store_noise(Noise("2026-11-21", 5))
    outbox.store_noise(Noise("2026-11-22", 61_500))
    found = reopened(outbox, path).load()
    assert found.salt == salt
    assert (found.waiting, found.kept) == ([press(1), press(2)], [Kept(press(0), UNIX_MS)])
    assert (found.next_seq, found.restored_to_ms) == (3, UNIX_MS)
    assert found.announcements == [(manifest(), Step.STARTED)]
    assert found.noise == Noise("2026-11-22", 61_500)
    assert (found.seen, found.config, found.proofs) == ({"m-1": UNIX_MS + 5}, config, Proofs(1, 2, {"b": 3}))


def test_the_hubs_time_is_kept_until_the_machine_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    assert outbox.estimate() is None
    outbox.store_estimate(Estimate(1_795_310_000_000_000_000, 200_000, 3_000_000_000))
    outbox = reopened(outbox, path)
    assert outbox.estimate() == Estimate(1_795_310_000_000_000_000, 200_000, 3_000_000_000)
    outbox.close()
    monkeypatch.setattr(on_disk, "BOOT_ID", tmp_path / "none")
    assert Outbox(path).estimate() is None


def test_the_hubs_time_is_kept_with_its_timeline_and_read_without_from_before_it_had_one(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    learned = Estimate(1_795_310_000_000_000_000, 200_000, 3_000_000_000, timeline(1_795_300_000_000_000_000))
    outbox.store_estimate(learned)
    outbox = reopened(outbox, path)
    assert outbox.estimate() == learned
    kept = outbox._get("estimate")
    assert kept is not None
    assert len(json.loads(kept)) == 4  # as an agent from before reads it
    outbox._put("estimate", json.dumps([outbox._boot_id, 7, 8, 9]).encode())
    assert outbox.estimate() == Estimate(7, 8, 9)


def test_numbers_go_on_when_old_presses_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    outbox.store_press(press(0))
    outbox.press_accepted("p-0", UNIX_MS)
    outbox.forget_accepted(UNIX_MS + 1)
    found = reopened(outbox, path).load()
    assert (found.kept, found.next_seq) == ([], 1)


def test_letting_go_never_touches_a_press_that_waits(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store_press(press(0))
    outbox.forget_accepted(UNIX_MS * 2)
    assert outbox.load().waiting == [press(0)]


def test_a_press_waits_until_it_is_accepted(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    assert not outbox.has_waiting_press()
    outbox.store_press(press(0))
    assert outbox.has_waiting_press()
    outbox.press_accepted("p-0", UNIX_MS)
    assert not outbox.has_waiting_press()


def test_messages_wait_in_order_until_they_are_sent(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    outbox = Outbox(path)
    receipts = [
        Receipt(announcement_id=f"n-{n}", states=[StateAt(state=ReceiptState.PLAYED, at_ms=n)]) for n in range(3)
    ]
    for receipt in receipts:
        outbox.add("receipt", receipt)
    assert outbox.depth() == 3
    outbox.sent(outbox.unsent()[0].id)
    waiting = reopened(outbox, path).unsent()
    assert [(each.kind, each.payload) for each in waiting] == [
        ("receipt", receipt.to_payload()) for receipt in receipts[1:]
    ]


def test_ids_that_have_expired_are_let_go(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store_seen("m-1", UNIX_MS, None)
    outbox.store_seen("m-2", UNIX_MS + 10, UNIX_MS + 1)
    assert outbox.load().seen == {"m-2": UNIX_MS + 10}


def test_an_announcement_that_is_past_is_let_go(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store_manifest(manifest())
    outbox.forget_manifest("n-1")
    assert outbox.load().announcements == []


def test_a_damaged_file_is_set_aside_and_the_agent_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"no database at all" * 1_000)
    outbox = Outbox(path)
    outbox.store_press(press(0))
    assert outbox.load().waiting == [press(0)]
    assert [each.read_bytes()[:18] for each in tmp_path.glob("outbox.db.damaged-*")] == [b"no database at all"]


KILLED = """
import sys
from pathlib import Path
from device_agent.outbox import Outbox
from tests.device_agent.test_outbox import press
outbox = Outbox(Path(sys.argv[1]))
seq = 0
while True:
    outbox.store_press(press(seq))
    print(seq, flush=True)
    seq += 1
"""


def test_every_press_that_was_stored_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    writer = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(50)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.readlines()
    writer.wait()
    last = int([line for line in said if line.endswith("\n")][-1])
    assert [each.seq for each in Outbox(path).load().waiting][: last + 1] == list(range(last + 1))


def test_presses_wait_for_the_disk_also_after_what_does_not(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store_manifest(manifest())
    outbox.add("receipt", Receipt(announcement_id="n-1", states=[StateAt(state=ReceiptState.PLAYED, at_ms=1)]))
    outbox.sync()
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
