"""The process that speaks: reads one sentence at a time from its input and answers with samples.

espeak-ng is global, not re-entrant, and its wave generator carries state from one sentence into the next, so
that the same text never sounds the same twice. Each sentence is therefore spoken by a fork of this process taken
right after initialisation: the same text always gives the same samples, and a crash costs one sentence.

Request: u32 length, then JSON `{"voice", "words_per_minute", "text"}`. Answer: u32 rate in Hz, u32 length, then
mono s16 samples. Numbers are big-endian. The end of the input ends the process.
"""

import ctypes
import json
import os
import signal
import struct
import sys

import espeakng_loader

# From espeak-ng's speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_PARAMETER_RATE = 1
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_BUFFER_MS = 200

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library, initialised and not yet used. OSError when it or its data cannot be loaded."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Initialize.argtypes = [
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
        ]
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self.rate_hz: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS,
            _BUFFER_MS,
            espeakng_loader.get_data_path().encode(),
            _INITIALIZE_DONT_EXIT,
        )
        if self.rate_hz <= 0:
            raise OSError("espeak-ng could not be initialised")
        self._samples = bytearray()
        self._callback = _SynthCallback(self._take)  # the library keeps only a pointer: we keep the object
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: "ctypes._Pointer[ctypes.c_short]", count: int, _events: object) -> int:
        if wave and count:
            self._samples += ctypes.string_at(wave, count * 2)
        return 0

    def speak(self, text: str, voice: str, words_per_minute: int) -> bytes:
        """Samples of the text, mono s16 at `rate_hz`. ValueError when the voice is missing or refuses."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(_PARAMETER_RATE, words_per_minute, 0)
        encoded = text.encode("utf-8", errors="replace") + b"\0"
        self._samples.clear()
        if self._library.espeak_Synth(encoded, len(encoded), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None):
            raise ValueError("espeak-ng refused the text")
        return bytes(self._samples)


def main() -> int:
    """Serve until the input ends; 1 when a sentence could not be spoken (its asker starts a new process)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the hub ends us in order
    _die_with_parent()
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the library prints must not mix with the answers
    espeak = Espeak()
    while header := sys.stdin.buffer.read(4):
        request = json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))
        child = os.fork()
        if child == 0:
            _answer(espeak, request, answers)
        if os.waitpid(child, 0)[1] != 0:
            return 1
    return 0


def _answer(espeak: Espeak, request: dict[str, str], answers: int) -> None:
    """In the fork: speak, write the whole answer, end."""
    _die_with_parent()
    status = 1
    try:
        samples = espeak.speak(request["text"], request["voice"], int(request["words_per_minute"]))
        with os.fdopen(answers, "wb") as out:
            out.write(struct.pack(">II", espeak.rate_hz, len(samples)) + samples)
        status = 0
    finally:
        os._exit(status)


def _die_with_parent() -> None:
    """Have Linux kill this process when the one that started it ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
