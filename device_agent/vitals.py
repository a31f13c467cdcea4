"""What the device measures of itself for its health message."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")  # thousandths of a degree Celsius
MEMORY = Path("/proc/self/statm")  # in pages; the second number is what is resident


def temperature_c() -> float | None:
    """The processor's temperature, where the system tells it."""
    try:
        return int(TEMPERATURE.read_text()) / 1000
    except (OSError, ValueError):
        return None


def load() -> float:
    """Processes that wanted to run, over the last minute."""
    return round(os.getloadavg()[0], 2)


def memory_mb() -> float | None:
    """Resident memory of this process in MB."""
    try:
        pages = int(MEMORY.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def disk_free_mb(folder: Path) -> float | None:
    """Room left on the disk that holds this folder."""
    try:
        return round(shutil.disk_usage(folder).free / 1e6, 1)
    except OSError:
        return None
