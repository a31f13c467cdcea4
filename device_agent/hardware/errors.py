"""What can go wrong with the hardware and with audio that should be played on it."""


class HardwareError(Exception):
    """Base of this package's errors; the text says what happened."""


class SoundCardLost(HardwareError):
    """A speaker or microphone could not be opened, was unplugged, or no longer moves."""


class UnreadableAudio(HardwareError):
    """These bytes are no audio that this agent plays: rubbish, another format, too large or too long."""
