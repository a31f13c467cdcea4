"""Our own Mosquitto, the real one: who may say what, what it keeps, and who starts and ends it."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from hub.adapters import own_tls
from hub.adapters.broker import BrokerError, Certificates, OwnBroker, add_login, add_logins, remove_login
from hub.setting_values import Endpoint
from tests.hub.adapters.broker_rig import (
    PASSWORD,
    client,
    hub_client,
    old_client,
    own_broker,
    topics_until,
    wait_until,
    watched,
)
from tests.world.ports import free_port

_REFUSED = r"(?i)not authori[sz]ed"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[OwnBroker]:
    broker = own_broker(tmp_path / "broker")
    add_logins(tmp_path / "broker", {"dev-1": PASSWORD, "dev-2": PASSWORD})
    await broker.start()
    yield broker
    await broker.stop()


async def test_a_device_cannot_publish_below_another_devices_topic(broker: OwnBroker) -> None:
    async with hub_client(broker) as hub:
        await hub.subscribe("dd/v1/#", qos=1)
        for topic in ("dd/v1/dev/dev-1/press", "dd/v1/hub/status", "dd/v1/place/c/all/announce", "dd/v1/audio/x"):
            async with old_client(broker, "dev-2") as intruder:
                await intruder.publish(topic, b"forged", qos=1)
        async with old_client(broker, "dev-2") as device:
            await device.publish("dd/v1/dev/dev-2/press", b"own", qos=1)
        assert await topics_until(hub, "dd/v1/dev/dev-2/press") == ["dd/v1/dev/dev-2/press"]


async def test_a_device_reads_what_is_for_itself_or_for_everyone_and_nothing_else(broker: OwnBroker) -> None:
    for_everyone = ["dd/v1/place/c/building-1/announce", "dd/v1/audio/x", "dd/v1/live/a", "dd/v1/hub/status"]
    own = "dd/v1/dev/dev-2/accepted"
    async with hub_client(broker) as hub, client(broker, "dev-2") as device:
        await device.subscribe("#", qos=1)
        await device.subscribe("dd/v1/dev/+/accepted", qos=1)
        for topic in ("dd/v1/dev/dev-1/accepted", "dd/v1/dev/dev-1/config", "dd/v1/other", *for_everyone, own):
            await hub.publish(topic, b"x", qos=1)
        assert await topics_until(device, own) == [*for_everyone, own]


async def test_a_device_does_not_get_what_was_retained_for_another(broker: OwnBroker) -> None:
    async with hub_client(broker) as hub, client(broker, "dev-2") as device:
        await hub.publish("dd/v1/dev/dev-1/config", b"x", qos=1, retain=True)
        await hub.publish("dd/v1/dev/dev-2/config", b"x", qos=1, retain=True)
        await device.subscribe("dd/v1/dev/+/config", qos=1)
        assert await topics_until(device, "dd/v1/dev/dev-2/config") == ["dd/v1/dev/dev-2/config"]


@pytest.mark.parametrize(("user", "password"), [("dev-1", "wrong"), ("dev-9", PASSWORD), ("hub", PASSWORD)])
async def test_nobody_signs_in_without_the_right_password(broker: OwnBroker, user: str, password: str) -> None:
    with pytest.raises(aiomqtt.MqttError, match=_REFUSED):
        async with client(broker, user, password):
            pass


async def test_nobody_signs_in_anonymously(broker: OwnBroker) -> None:
    with pytest.raises(aiomqtt.MqttError, match=_REFUSED):
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5):
            pass


async def test_a_login_is_active_at_once_while_the_broker_runs(broker: OwnBroker, tmp_path: Path) -> None:
    for number in range(3):
        add_login(tmp_path / "broker", f"new-{number}", PASSWORD)
        async with client(broker, f"new-{number}"):
            pass


async def _sign_in_and_be_removed(broker: OwnBroker, folder: Path) -> None:
    async with client(broker, "dev-1") as device:
        remove_login(folder, "dev-1")
        await anext(aiter(device.messages))


async def test_a_login_taken_away_ends_the_connection_and_stays_out(broker: OwnBroker, tmp_path: Path) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(aiomqtt.MqttError):
            await _sign_in_and_be_removed(broker, tmp_path / "broker")
    with pytest.raises(aiomqtt.MqttError, match=_REFUSED):
        async with client(broker, "dev-1"):
            pass


def _changes(folder: Path, what: str) -> None:
    match what:
        case "added":
            add_login(folder, "dev-3", PASSWORD)
        case "changed":
            add_login(folder, "dev-2", "another-long-password")
        case "removed":
            remove_login(folder, "dev-2")


async def _presses_of_an_absent_hub(broker: OwnBroker) -> list[bytes]:
    presses: list[bytes] = []
    async with asyncio.timeout(10), hub_client(broker) as hub:
        async for message in hub.messages:
            assert isinstance(message.payload, bytes)
            presses.append(message.payload)
            if message.payload == b"after":
                break
    return presses


async def _press(broker: OwnBroker, payload: bytes) -> None:
    async with client(broker, "dev-1") as device:
        await device.publish("dd/v1/dev/dev-1/press", payload, qos=1)


@pytest.fixture
async def away(broker: OwnBroker) -> OwnBroker:
    """A broker that knows a hub and a device, which are away, from its store alone; a press waits in it."""
    async with hub_client(broker) as hub, client(broker, "dev-2"):
        await hub.subscribe("dd/v1/dev/+/press", qos=1)
    await _press(broker, b"before")
    await broker.stop()
    await broker.start()
    return broker


@pytest.mark.parametrize("what", ["added", "changed", "removed"])
async def test_no_press_is_lost_when_a_login_changes_while_hub_and_device_are_away(
    away: OwnBroker, tmp_path: Path, what: str
) -> None:
    _changes(tmp_path / "broker", what)
    await _press(away, b"after")
    assert await _presses_of_an_absent_hub(away) == [b"before", b"after"]


async def test_no_press_is_lost_between_the_takeover_of_a_broker_and_the_hubs_connection(away: OwnBroker) -> None:
    left = away.pid
    await away.start()
    assert away.pid == left
    await _press(away, b"after")
    assert await _presses_of_an_absent_hub(away) == [b"before", b"after"]


async def test_a_password_that_was_replaced_does_not_sign_in_any_more(broker: OwnBroker, tmp_path: Path) -> None:
    add_login(tmp_path / "broker", "dev-1", "another-long-password")
    with pytest.raises(aiomqtt.MqttError, match=_REFUSED):
        async with client(broker, "dev-1"):
            pass
    async with client(broker, "dev-1", "another-long-password"):
        pass


async def test_a_login_that_changes_while_the_hub_watches_leaves_one_broker_running(
    broker: OwnBroker, tmp_path: Path
) -> None:
    async with watched(broker):
        before = broker.pid
        await asyncio.to_thread(add_login, tmp_path / "broker", "dev-3", PASSWORD)
        assert broker.pid not in (None, before)
        async with client(broker, "dev-3") as device:
            await device.publish("dd/v1/dev/dev-3/press", b"x", qos=1)


async def test_5000_presses_wait_for_an_absent_hub_also_over_a_restart_of_the_broker(broker: OwnBroker) -> None:
    async with hub_client(broker) as hub:
        await hub.subscribe("dd/v1/dev/+/press", qos=1)
    async with client(broker, "dev-1") as device:
        for number in range(5000):
            await device.publish("dd/v1/dev/dev-1/press", str(number), qos=1)
    await broker.stop()
    await broker.start()
    received: list[int] = []
    async with asyncio.timeout(60), hub_client(broker) as hub:
        async for message in hub.messages:
            assert isinstance(message.payload, bytes)
            received.append(int(message.payload))
            if len(received) == 5000:
                break
    assert received == list(range(5000))


_A_HUB_THAT_HANGS = """
import asyncio, sys
from pathlib import Path
from hub.adapters.broker import OwnBroker
from hub.setting_values import Endpoint

async def main():
    await OwnBroker(Path(sys.argv[1]), Endpoint("127.0.0.1", int(sys.argv[2]))).start()
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_broker_outlives_a_killed_hub_and_the_next_hub_takes_it_over(tmp_path: Path) -> None:
    broker = own_broker(tmp_path)
    add_login(tmp_path, "dev-1", PASSWORD)
    hub_process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _A_HUB_THAT_HANGS, str(tmp_path), str(broker.port), stdout=subprocess.PIPE
    )
    assert hub_process.stdout is not None
    async for line in hub_process.stdout:
        if line == b"started\n":
            break
    hub_process.kill()
    await hub_process.wait()
    before = broker.pid
    assert before is not None
    try:
        async with client(broker, "dev-1") as device:
            await device.publish("dd/v1/dev/dev-1/press", b"while the hub is dead", qos=1)
        await broker.start()
        assert broker.pid == before
        async with hub_client(broker):
            pass
    finally:
        await broker.stop()
    assert broker.pid is None


async def test_a_broker_that_dies_is_started_again(broker: OwnBroker) -> None:
    first = broker.pid
    assert first is not None
    async with watched(broker):
        os.kill(first, signal.SIGKILL)
        await wait_until(lambda: broker.pid not in (None, first))
        second = broker.pid
        assert second is not None
        os.kill(second, signal.SIGKILL)
        await wait_until(lambda: broker.pid not in (None, second))


async def test_the_watch_ends_with_an_orderly_stop_and_starts_nothing(broker: OwnBroker) -> None:
    watch = asyncio.create_task(broker.watch())
    await broker.stop()
    await asyncio.wait_for(watch, 10)
    assert broker.pid is None


async def test_a_stop_in_the_pause_before_a_restart_starts_nothing(broker: OwnBroker) -> None:
    watch = asyncio.create_task(broker.watch())
    dying = broker.pid
    assert dying is not None
    os.kill(dying, signal.SIGKILL)
    await wait_until(lambda: broker.pid is None)
    await broker.stop()
    await asyncio.wait_for(watch, 10)
    assert broker.pid is None


async def test_stopping_twice_is_no_error(broker: OwnBroker) -> None:
    await broker.stop()
    await broker.stop()


async def test_a_broker_left_running_with_other_settings_is_started_anew(broker: OwnBroker, tmp_path: Path) -> None:
    left = broker.pid
    moved = own_broker(tmp_path / "broker")
    await moved.start()
    assert moved.pid != left
    async with hub_client(moved):
        pass


async def test_a_broker_left_running_with_an_older_access_list_is_started_anew(
    broker: OwnBroker, tmp_path: Path
) -> None:
    left = broker.pid
    (tmp_path / "broker" / "access").write_text("user hub\n")
    await broker.start()
    assert broker.pid not in (None, left)


async def test_a_taken_port_is_named(tmp_path: Path, broker: OwnBroker) -> None:
    other = OwnBroker(tmp_path / "other", Endpoint("127.0.0.1", broker.port))
    with pytest.raises(BrokerError) as refused:
        await other.start()
    for sentence in (refused.value.zh, refused.value.en):
        assert f"127.0.0.1:{broker.port}" in sentence
        assert "--mqtt" in sentence


async def test_a_missing_program_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("hub.adapters.broker.running._ALSO_LOOK_IN", str(tmp_path))
    with pytest.raises(BrokerError, match="deploy/setup"):
        await own_broker(tmp_path / "broker").start()


async def test_a_broker_that_does_not_come_up_is_told_with_its_own_last_words(tmp_path: Path) -> None:
    nowhere = Certificates(Endpoint("127.0.0.1", free_port()), tmp_path / "no.pem", tmp_path / "no.key")
    broker = OwnBroker(tmp_path / "broker", Endpoint("127.0.0.1", free_port()), nowhere)
    with pytest.raises(BrokerError, match=r"no\.pem"):
        await broker.start()


async def test_the_second_listener_speaks_tls_with_our_own_certificate(tmp_path: Path) -> None:
    own = own_tls.ensure(tmp_path / "tls", ["127.0.0.1"], datetime.now(UTC))
    tls = Certificates(Endpoint("127.0.0.1", free_port()), own.certificate, own.key)
    broker = OwnBroker(tmp_path / "broker", Endpoint("127.0.0.1", free_port()), tls)
    await broker.start()
    try:
        context = ssl.create_default_context(cafile=str(own.authority))
        user, password = broker.hub_login
        async with aiomqtt.Client(
            "127.0.0.1", tls.listen.port, username=user, password=password, tls_context=context
        ) as hub:
            await hub.publish("dd/v1/hub/status", b"x", qos=1)
    finally:
        await broker.stop()


async def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    broker = own_broker(tmp_path / "数据 文件夹" / "broker")
    await broker.start()
    try:
        async with hub_client(broker):
            pass
    finally:
        await broker.stop()


async def test_no_file_of_the_broker_can_be_read_by_others(broker: OwnBroker, tmp_path: Path) -> None:
    await broker.stop()
    files = [path for path in (tmp_path / "broker").rglob("*") if path.is_file()]
    assert {"passwords", "hub-password", "mosquitto.conf", "mosquitto.db"} <= {path.name for path in files}
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []
