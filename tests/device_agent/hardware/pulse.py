"""A sound card that exists in software only: a PulseAudio null sink of its own, reached through ALSA."""

import os
import socket
import subprocess
import time
from pathlib import Path

ASOUND = """
pcm.loudspeaker {{ type pulse server "unix:{socket}" device room }}
pcm.microphone {{ type pulse server "unix:{socket}" device room.monitor }}
"""


class SoundCard:
    """Devices "loudspeaker" and "microphone"; what goes into one comes out of the other.

    Without `norewinds` a null sink renders up to two seconds ahead, which no real sound card does.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "pulse.sock"
        self._process: subprocess.Popen[bytes] | None = None
        conf = folder / "asound.conf"
        conf.write_text(ASOUND.format(socket=self._socket))
        self.config_path = f"/usr/share/alsa/alsa.conf:{conf}"  # for ALSA_CONFIG_PATH

    def plug_in(self) -> None:
        """Start it and wait until it takes connections."""
        for name in ("home", "run"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        self._process = subprocess.Popen(
            [
                *(
                    "pulseaudio",
                    "-n",
                    "--daemonize=no",
                    "--exit-idle-time=-1",
                    "--use-pid-file=no",
                    "--log-level=error",
                ),
                *("-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"),
                *("-L", "module-null-sink sink_name=room rate=48000 channels=1 norewinds=1"),
            ],
            env={**os.environ, "HOME": str(self._folder / "home"), "XDG_RUNTIME_DIR": str(self._folder / "run")},
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, "pulseaudio did not start"
            assert time.monotonic() < deadline, "pulseaudio takes no connections"
            time.sleep(0.02)

    def unplug(self) -> None:
        """End it, as when somebody pulls the cable."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self._socket)) == 0
