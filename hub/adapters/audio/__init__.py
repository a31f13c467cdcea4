"""From a sentence to a sound file: the voice, chimes, loudness and Opus. Start at `maker.SoundMaker`."""
