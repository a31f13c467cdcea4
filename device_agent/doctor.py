"""`dongdong-agent doctor`: names what is wrong with a device, and how to mend it."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from device_agent import settings
from device_agent.mqtt import LinkLost, MqttLinks
from device_agent.settings import BadSettings, Settings

LEAST_DISK_MB = 100  # the audio cache and months of presses
QUIETEST_DBFS = -85.0  # below it a microphone is muted, or not there
LISTEN_S = 1.0
BROKER_S = 10.0
EARLIEST_YEAR = 2026  # a clock before this was never set


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part; `zh` and `en` say it, and what to do when it is not well."""

    is_well: bool
    zh: str
    en: str


async def examine(environment: Mapping[str, str]) -> list[Finding]:
    """Look at every part; what cannot be looked at without settings is left out."""
    folder = settings.data_folder(environment)
    found = [_disk(folder), _clock()]
    try:
        chosen = settings.load(environment)
    except BadSettings as error:
        return [*found, Finding(is_well=False, zh=f"设置：{error.zh}", en=f"Settings: {error.en}")]
    parts: list[Callable[[Settings], Awaitable[Finding]]] = [_speaker, _microphone, _gpio, _broker]
    return [*found, *[await part(chosen) for part in parts]]


def _disk(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        proof = folder / ".doctor"
        proof.write_bytes(b"x")
        proof.unlink()
    except OSError as error:
        return Finding(
            is_well=False,
            zh=f"磁盘：{folder} 不能写入（{error.strerror}）。请检查文件夹权限和存储卡。",
            en=f"Disk: {folder} cannot be written ({error.strerror}). Check its owner and the card.",
        )
    free_mb = shutil.disk_usage(folder).free / 1e6
    if free_mb < LEAST_DISK_MB:
        return Finding(
            is_well=False,
            zh=f"磁盘：只剩 {free_mb:.0f} MB，至少要 {LEAST_DISK_MB} MB。请清理或更换存储卡。",
            en=f"Disk: {free_mb:.0f} MB left, {LEAST_DISK_MB} MB are needed. Clear it or change the card.",
        )
    return Finding(is_well=True, zh=f"磁盘：可写，剩余 {free_mb:.0f} MB", en=f"Disk: {free_mb:.0f} MB left")


def _clock() -> Finding:
    now = time.gmtime()
    if now.tm_year < EARLIEST_YEAR:
        return Finding(
            is_well=False,
            zh=f"时钟：现在是 {now.tm_year} 年？请接上网络等它校时，或装一个时钟模块。",
            en=f"Clock: it says {now.tm_year}. Connect it to a network, or fit a clock module.",
        )
    return Finding(is_well=True, zh="时钟：日期合理", en="Clock: the date is plausible")


async def _speaker(chosen: Settings) -> Finding:
    from device_agent.hardware.alsa import AlsaStream
    from device_agent.hardware.errors import SoundCardLost

    try:
        AlsaStream(chosen.speaker, "playback", 0.1).close()
    except (SoundCardLost, OSError) as error:
        return Finding(
            is_well=False,
            zh=f"音箱：打不开 {chosen.speaker}（{error}）。请检查接线，用 aplay -l 查名字，再改 speaker 设置。",
            en=f"Loudspeaker: {chosen.speaker}: {error}. Check the cable; `aplay -l` lists the names.",
        )
    return Finding(is_well=True, zh="音箱：声卡能打开", en="Loudspeaker: the sound card opens")


async def _microphone(chosen: Settings) -> Finding:
    from device_agent.core.hearing import level_dbfs
    from device_agent.hardware.alsa_microphone import AlsaMicrophone
    from device_agent.hardware.errors import SoundCardLost

    try:
        recording = await AlsaMicrophone(chosen.microphone).record(time.monotonic() + 0.3, LISTEN_S)
    except (SoundCardLost, OSError) as error:
        return Finding(
            is_well=False,
            zh=f"麦克风：打不开 {chosen.microphone}（{error}）。请检查接线，用 arecord -l 查名字。",
            en=f"Microphone: {chosen.microphone}: {error}. Check the cable; `arecord -l` lists the names.",
        )
    level = level_dbfs(recording.pcm)
    if level < QUIETEST_DBFS:
        return Finding(
            is_well=False,
            zh=f"麦克风：太静（{level:.0f} dBFS）。请用 alsamixer 打开并调高录音音量。",
            en=f"Microphone: too quiet ({level:.0f} dBFS). Unmute and raise it in alsamixer.",
        )
    return Finding(is_well=True, zh=f"麦克风：{level:.0f} dBFS", en=f"Microphone: {level:.0f} dBFS")


async def _gpio(chosen: Settings) -> Finding:
    if not chosen.buttons:
        return Finding(
            is_well=False,
            zh="按钮：还没有设置任何按钮。请在 agent.toml 里写 [buttons.名字] 和 pin。",
            en="Buttons: none is set. Write [buttons.NAME] with its pin in agent.toml.",
        )
    try:
        from device_agent.hardware.gpio import GpioButton, raspberry_pi_pins

        pins = raspberry_pi_pins()
        for name, each in chosen.buttons.items():
            button = GpioButton(name, each.pin, pins)
            is_down = button.is_down
            button.close()
            if is_down:
                return Finding(
                    is_well=False,
                    zh=f"按钮 {name}：一直是按下的。请检查按钮和接线有没有短路。",
                    en=f"Button {name}: it is down. Check button and cable for a short circuit.",
                )
        pins.close()
    except Exception as error:  # noqa: BLE001 - gpiozero and lgpio raise errors of many kinds, all mean the same
        return Finding(
            is_well=False,
            zh=f"按钮：GPIO 用不了（{error}）。请确认在树莓派上运行，并且用户在 gpio 组里。",
            en=f"Buttons: GPIO does not work ({error}). Run on a Pi, with the user in group gpio.",
        )
    count = len(chosen.buttons)
    return Finding(is_well=True, zh=f"按钮：{count} 个，接线正常", en=f"Buttons: {count}, none is stuck")


async def _broker(chosen: Settings) -> Finding:
    """Reaches it under a name of its own, so that a running agent keeps its connection."""
    links = MqttLinks(chosen.login(), f"{chosen.device}-doctor", session_s=0)
    try:
        async with asyncio.timeout(BROKER_S), links.connect(None):
            pass
    except (LinkLost, TimeoutError, OSError) as error:
        return Finding(
            is_well=False,
            zh=f"服务器：连不上 {chosen.host}:{chosen.port}（{error}）。请检查网络、地址、用户名和密码。",
            en=f"Broker: {chosen.host}:{chosen.port}: {error}. Check network, address, user and password.",
        )
    return Finding(is_well=True, zh="服务器：能连上", en="Broker: reached")
