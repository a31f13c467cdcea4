"""What can go wrong between a sentence and a sound file."""


class AudioError(Exception):
    """Base of every error of this package."""


class VoiceFailed(AudioError):
    """The voice died or hung twice on the same sentence; nothing was made."""


class NothingToSay(AudioError):
    """The text holds nothing that can be spoken (only marks or pictures); a silent notice is never made."""


class LanguageUnknown(AudioError):
    """There is no voice for this language."""


class SoundUnreadable(AudioError):
    """The bytes are no sound file that can be decoded."""
