"""A sound card that exists in software only: a PulseAudio of its own, reached through ALSA."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BEFORE_ALL = 20  # real-time priority: no load of the machine keeps a real card from playing on


class SoundCard:
    """Devices "loudspeaker-1" … "-n", each a channel of one card with one clock, and "microphone", which hears them.

    Without `norewinds` a null sink renders up to two seconds ahead, which no real sound card does. Where this process
    may not give real-time priority (`is_first`), a loaded machine makes the card itself stutter.
    """

    def __init__(self, folder: Path, loudspeakers: int = 1) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self._loudspeakers = loudspeakers
        self._process: subprocess.Popen[bytes] | None = None
        self.is_first = False
        names = {f"loudspeaker-{one}": f"room-{one}" for one in range(1, loudspeakers + 1)}
        devices = {**names, "microphone": "card.monitor"}
        conf = folder / "asound.conf"
        conf.write_text(
            "".join(
                f'pcm.{name} {{ type pulse server "unix:{self._socket}" device {sink} }}\n'
                for name, sink in devices.items()
            )
        )
        self.config_path = f"/usr/share/alsa/alsa.conf:{conf}"  # for ALSA_CONFIG_PATH

    def plug_in(self) -> None:
        """Start it and wait until it takes connections."""
        for name in ("home", "run"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-level=error")
        modules = [argument for module in self._modules() for argument in ("-L", module)]
        self._process = subprocess.Popen(["pulseaudio", *options, *modules], env=self._environ())
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, "pulseaudio did not start"
            assert time.monotonic() < deadline, "pulseaudio takes no connections"
            time.sleep(0.02)
        self.is_first = self._go_first(self._process.pid)

    def unplug(self) -> None:
        """End it, as when somebody pulls the cable."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def recording(self, file: Path) -> Iterator[None]:
        """Meanwhile all channels are recorded into this file, on the card's clock; `channels` reads it."""
        command = ["parec", "-d", "card.monitor", "--raw", "--format=s16le", "--rate=48000", "--latency-msec=20"]
        shape = [f"--channels={self._loudspeakers}", f"--channel-map={self._channel_map()}"]
        with file.open("wb") as out:
            recorder = subprocess.Popen([*command, *shape], stdout=out, env=self._environ())
            try:
                yield
            finally:
                recorder.terminate()
                recorder.wait()

    def channels(self, file: Path) -> NDArray[np.int16]:
        """What was recorded: shape (loudspeakers, frames)."""
        frames = np.fromfile(file, "<i2")
        whole = len(frames) // self._loudspeakers * self._loudspeakers
        return frames[:whole].reshape(-1, self._loudspeakers).T

    def _modules(self) -> list[str]:
        card = f"module-null-sink sink_name=card rate=48000 channels={self._loudspeakers} norewinds=1"
        return [
            f"module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            f"{card} channel_map={self._channel_map()}",
            *(
                f"module-remap-sink sink_name=room-{one + 1} master=card channels=1 remix=no "
                f"channel_map=mono master_channel_map=aux{one}"
                for one in range(self._loudspeakers)
            ),
        ]

    def _channel_map(self) -> str:
        return ",".join(f"aux{one}" for one in range(self._loudspeakers))

    def _environ(self) -> dict[str, str]:
        home, run = self._folder / "home", self._folder / "run"
        return {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(run), "PULSE_SERVER": f"unix:{self._socket}"}

    @staticmethod
    def _go_first(pid: int) -> bool:
        with suppress(PermissionError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(BEFORE_ALL))
            return True
        return False

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self._socket)) == 0
