"""What can go wrong between a sentence and a sound file."""

from hub.services.ports import SoundFailed


class VoiceFailed(SoundFailed):
    """The voice died or hung twice on the same sentence; nothing was made."""


class NothingToSay(SoundFailed):
    """The text holds nothing that can be spoken (only marks or pictures); a silent notice is never made."""


class LanguageUnknown(SoundFailed):
    """There is no voice for this language."""


class SoundUnreadable(Exception):
    """The bytes are no sound file that can be decoded."""
