"""The broker's process: started, taken over, watched, stopped. It outlives a hub that is killed."""

import asyncio
import contextlib
import math
import os
import pwd
import socket
import subprocess
from pathlib import Path

import aiomqtt
import structlog

from hub.adapters.broker import logins
from hub.adapters.broker.configuration import Certificates, access_text, configuration_text, reached_at
from hub.adapters.broker.files import BrokerFiles
from hub.adapters.broker.running import BrokerError, end, running_pid, spawn
from hub.adapters.whole_files import locked, replace_text
from hub.setting_values import Endpoint

_LOG = structlog.get_logger(__name__)

_START_TIMEOUT_S = 20.0  # a store of 100,000 queued messages is read in well under this
_ANSWER_TIMEOUT_S = 1.0
_RETRY_S = (0.2, 0.5, 1.0, 2.0)  # waits before the first, second… restart in a row; the last one stays
_STEADY_S = 10.0  # running this long ends a row of restarts


class OwnBroker:
    """One Mosquitto with all its files in `folder` (`DATA/broker`), listening at `listen`.

    The process lives in a session of its own: when the hub is killed it goes on taking presses, and
    the next `start` takes it over. Only `stop` ends it.
    """

    def __init__(self, folder: Path, listen: Endpoint, tls: Certificates | None = None) -> None:
        self._files = BrokerFiles(folder.absolute())
        self._listen = listen
        self._tls = tls
        self._endpoints = (listen, tls.listen) if tls else (listen,)
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopping = False

    @property
    def port(self) -> int:
        """The port of the plain listener."""
        return self._listen.port

    @property
    def pid(self) -> int | None:
        """The broker's process id, None when it does not run."""
        return running_pid(self._files.configuration)

    @property
    def hub_login(self) -> tuple[str, str]:
        """User and password with which the hub itself signs in; reads a file."""
        return logins.HUB_USER, logins.hub_password(self._files.folder)

    async def start(self) -> None:
        """Take over the running broker or start one; returns when the hub can sign in.

        Raises BrokerError when the program is missing, the port is taken, or it does not come up.
        """
        self._is_stopping = False
        await self._bring_up()

    async def watch(self) -> None:
        """Start the broker again whenever it ends; returns after `stop`, otherwise runs until cancelled."""
        restarts = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._wait_for_end()
            if self._is_stopping:
                return
            restarts = 0 if loop.time() - began > _STEADY_S else restarts
            wait_s = _RETRY_S[min(restarts, len(_RETRY_S) - 1)]
            _LOG.error("broker ended and is started again", wait_s=wait_s, last_words=self._last_words())
            await asyncio.sleep(wait_s)
            restarts += 1
            try:
                await self._bring_up()
            except (BrokerError, OSError) as error:
                _LOG.error("broker does not start", reason=str(error))

    async def stop(self) -> None:
        """End the broker in order, so that it saves its sessions and queues. None running is no error."""
        self._is_stopping = True
        await self._end_process()

    async def _bring_up(self) -> None:
        is_unchanged = await asyncio.to_thread(self._write_files)
        if self.pid is not None and not is_unchanged:
            await self._end_process()
        if self.pid is not None:
            _LOG.info("broker taken over", pid=self.pid, port=self.port)
        elif self._is_stopping:
            return
        else:
            self._spawn()  # not in a thread: between this and the question above no `stop` can come
        await self._wait_until_accepting()

    def _write_files(self) -> bool:
        """Write what the broker reads at its start; returns whether all of it stayed as it was."""
        files = self._files
        read = (files.configuration, files.access, files.passwords)
        before = [path.read_bytes() if path.exists() else b"" for path in read]
        logins.hub_password(files.folder)
        system_user = pwd.getpwuid(os.geteuid()).pw_name
        with locked(files.folder):
            files.store.mkdir(exist_ok=True, mode=0o700)
            replace_text(files.configuration, configuration_text(files, self._listen, system_user, self._tls))
            replace_text(files.access, access_text(logins.HUB_USER))
            return before == [path.read_bytes() for path in read]

    def _spawn(self) -> None:
        for endpoint in self._endpoints:
            _check_free(endpoint)
        self._child = spawn(self._files)
        _LOG.info("broker started", pid=self._child.pid, port=self.port)

    async def _wait_until_accepting(self) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while self.pid is not None or not self._has_child_ended():
                    if await self._takes_the_hub():
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        words = self._last_words()
        raise BrokerError(f"mosquitto 没有启动成功：{words}", f"mosquitto did not come up: {words}")

    async def _takes_the_hub(self) -> bool:
        """Whether the hub can sign in; an open port alone may be that of a broker about to fail."""
        host = reached_at(self._listen.host)
        user, password = self.hub_login
        client = aiomqtt.Client(host, self.port, username=user, password=password, timeout=math.inf)
        try:
            # Not aiomqtt's own time-out, which can swallow a cancellation (hub/adapters/mqtt/connection.py).
            async with asyncio.timeout(_ANSWER_TIMEOUT_S), client:
                return True
        except (aiomqtt.MqttError, TimeoutError):
            return False

    async def _wait_for_end(self) -> None:
        pid = self.pid
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                await _readable(descriptor)
            finally:
                os.close(descriptor)
        self._has_child_ended()  # takes its exit code, or it would stay a zombie

    async def _end_process(self) -> None:
        await asyncio.to_thread(end, self._files)
        self._has_child_ended()

    def _has_child_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _last_words(self) -> str:
        """The end of the broker's log, which says why it ended."""
        try:
            return self._files.log.read_text("utf-8", "replace")[-400:].strip()
        except FileNotFoundError:
            return ""


def _check_free(endpoint: Endpoint) -> None:
    """Raise BrokerError when another program listens there, or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((endpoint.host, endpoint.port))
        except OSError as error:
            raise BrokerError(
                f"{endpoint} 用不了（{error.strerror}）：可能有别的程序占用了它。"
                "请停掉那个程序，或者用 --mqtt 换一个端口。",
                f"{endpoint} cannot be used ({error.strerror}): another program may be listening there. "
                "End that program, or choose another port with --mqtt.",
            ) from error


async def _readable(descriptor: int) -> None:
    """Wait until the descriptor can be read; that of a process, until it has ended."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
