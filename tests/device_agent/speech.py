"""Real speech for the tests: Mandarin notices in the built-in voice."""

import ctypes
from functools import cache

import espeakng_loader
import numpy as np

from device_agent.core.sounds import SAMPLE_RATE, Pcm

LIFT = "各位居民请注意，今天下午三点到五点，三号楼将进行消防设施检修，届时电梯会暂停使用。谢谢配合！"
CHECKUP = "各位居民请注意，明天上午八点到十二点，社区卫生服务中心为老人免费体检，请空腹前往一楼大厅。谢谢配合！"
STORM = "各位居民请注意，气象台发布暴雨红色预警，请关好门窗，不要外出，住在地下室的居民请立即转移。"
WATER = "停水通知。"
POWER = "请注意，今晚停电。"
NOTICES = (LIFT, CHECKUP, STORM, WATER, POWER)

_SYNCHRONOUS = 2
_UTF8 = 1
_Received = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@cache
def speak(text: str) -> Pcm:
    """This text in Mandarin, 48 kHz."""
    library, rate = _espeak()
    heard = bytearray()

    def received(wav: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if wav and count:
            heard.extend(ctypes.string_at(wav, 2 * count))
        return 0

    callback = _Received(received)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(b"cmn")
    data = text.encode() + b"\0"
    assert library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 1, 0, _UTF8, None, None) == 0
    slow = np.frombuffer(bytes(heard), np.int16)
    times = np.arange(len(slow) * SAMPLE_RATE // rate) * rate / SAMPLE_RATE
    pcm = np.interp(times, np.arange(len(slow)), slow).astype(np.int16)
    pcm.flags.writeable = False
    return pcm


@cache
def _espeak() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 200, espeakng_loader.get_data_path().encode(), 0x8000)
    assert rate > 0
    return library, rate
