"""The broker's process itself: found in the process table, started, ended. Any process of ours may do each of them.

Asked from the process table, unlike from a pid file, the answer is never stale or torn.
"""

import os
import resource
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from hub.adapters.broker.files import BrokerFiles

_STOP_TIMEOUT_S = 20.0
_LOOK_S = 0.01
_LOG_BYTES = 1_000_000  # a longer log is put aside at the next start
# Debian's package puts the program where the PATH of an ordinary user does not look.
_ALSO_LOOK_IN = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"


class BrokerError(Exception):
    """Our broker cannot be started; `zh` and `en` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


def running_pid(configuration: Path) -> int | None:
    """The process id of the broker that was started with this configuration, or None."""
    wanted = _command("mosquitto", configuration)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _matches(entry / "cmdline", wanted):
            return int(entry.name)
    return None


def spawn(files: BrokerFiles) -> subprocess.Popen[bytes]:
    """Start the broker of these files in a session of its own; raises BrokerError when the program is missing."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:{_ALSO_LOOK_IN}")
    if program is None:
        raise BrokerError(
            "没有找到 mosquitto，请运行 deploy/setup 安装。", "mosquitto is not installed; run deploy/setup."
        )
    if files.log.exists() and files.log.stat().st_size > _LOG_BYTES:
        files.log.replace(files.log.with_suffix(".log.1"))
    files.log.touch(mode=0o600)
    _allow_many_connections()
    with files.log.open("ab") as log:  # what it says before it has read where to log
        return subprocess.Popen(  # noqa: S603  # our own program and path, no shell
            _command(program, files.configuration),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )


def _allow_many_connections() -> None:
    """Raises our own limit of open files as far as it goes, which the broker takes over: a socket for each device."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def end(files: BrokerFiles) -> bool:
    """End the broker of these files in order, so that it saves its sessions and queues; whether one was running."""
    pid = running_pid(files.configuration)
    for number in (signal.SIGTERM, signal.SIGKILL):
        until_s = time.monotonic() + _STOP_TIMEOUT_S
        if pid is not None and running_pid(files.configuration) == pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        while running_pid(files.configuration) == pid is not None and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
    return pid is not None


def _command(program: str, configuration: Path) -> list[str]:
    """How the broker is started, and recognised: by the path of its configuration."""
    return [program, "-c", str(configuration)]


def _matches(cmdline: Path, wanted: list[str]) -> bool:
    try:
        words = cmdline.read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:  # the process has ended, or is another user's and hidden
        return False
    return [Path(words[0]).name, *words[1:]] == wanted
