"""Whether our broker is running, asked from the process table: unlike a pid file, it is never stale or torn."""

from pathlib import Path


def command(program: str, configuration: Path) -> list[str]:
    """How the broker is started, and recognised: by the path of its configuration."""
    return [program, "-c", str(configuration)]


def running_pid(configuration: Path) -> int | None:
    """The process id of the broker that was started with this configuration, or None."""
    wanted = command("mosquitto", configuration)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _matches(entry / "cmdline", wanted):
            return int(entry.name)
    return None


def _matches(cmdline: Path, wanted: list[str]) -> bool:
    try:
        words = cmdline.read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:  # the process has ended, or is another user's and hidden
        return False
    return [Path(words[0]).name, *words[1:]] == wanted
