"""What can go wrong with the hardware and with audio that should be played on it."""


class HardwareError(Exception):
    """Base of this package's errors; the text says what happened."""


class SoundCardLost(HardwareError):  # noqa: N818 - it names what happened
    """A speaker or microphone could not be opened, was unplugged, or no longer moves."""


class UnreadableAudio(HardwareError):  # noqa: N818 - it names what happened
    """These bytes are no audio that this agent plays: rubbish, another format, too large or too long."""
