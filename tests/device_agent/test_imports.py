"""What the agent needs only on a Pi is not needed elsewhere."""

import subprocess
import sys

PROGRAM = """
import sys
import device_agent.__main__, device_agent.agent
sys.exit(" ".join({"gpiozero", "lgpio", "device_agent.hardware.alsa"} & set(sys.modules)))
"""


def test_the_agent_can_be_imported_without_gpio_and_sound_card() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
