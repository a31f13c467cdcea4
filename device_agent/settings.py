"""The agent's settings, read once: from `agent.toml` in its data folder, and the environment, which wins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from device_agent.mqtt import Login
from wire import messages, topics

PREFIX = "DONGDONG_AGENT_"
DATA = PREFIX + "DATA"
DEFAULT_DATA = Path("/var/lib/dongdong-agent")
FILE = "agent.toml"


class BadSettings(Exception):
    """Settings that cannot be used; `zh` and `en` say which, why, and where to mend them."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en


class ButtonPins(BaseModel):
    """Where a button is connected, and its lamp if it has one: GPIO numbers as the Pi's maker counts them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pin: Annotated[int, Field(ge=0, le=27)]
    lamp: Annotated[int, Field(ge=0, le=27)] | None = None


class Settings(BaseModel):
    """All settings. In the environment each is DONGDONG_AGENT_ and its name in capitals, except the buttons.

    device = "building-17"
    host = "hub.example"
    hub_keys = ["…64 hexadecimal digits…"]

    [buttons.17-1-101]
    pin = 17
    lamp = 27
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    host: str
    port: Annotated[int, Field(gt=0, lt=65536)] = 8883
    user: str | None = None
    """The login at the broker; the device's name unless said otherwise."""
    password: str | None = Field(default=None, repr=False)
    ca_file: Path | None = None
    """The authority that signed the broker's certificate; without it the connection is not encrypted."""
    hub_keys: Annotated[list[messages.Sha256], Field(min_length=1)]
    """The hub's public Ed25519 keys, in hexadecimal digits."""
    speaker: str = "default"
    """The ALSA device of the loudspeaker, such as plughw:1,0."""
    microphone: str = "default"
    buttons: Annotated[dict[messages.ButtonName, ButtonPins], Field(max_length=14)] = {}

    def login(self) -> Login:
        """How to reach the broker."""
        return Login(self.host, self.port, self.user or self.device, self.password, self.ca_file)


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where the agent keeps everything."""
    return Path(environment.get(DATA, DEFAULT_DATA))


def load(environment: Mapping[str, str]) -> Settings:
    """The settings; raises BadSettings."""
    file = data_folder(environment) / FILE
    values: dict[str, Any] = {}
    try:
        values = tomllib.loads(file.read_text()) if file.exists() else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"配置文件 {file} 无法读取：{error}。", f"{file} cannot be read: {error}.") from None
    for name in Settings.model_fields:
        said = environment.get(PREFIX + name.upper())
        if said is not None and name != "buttons":
            values[name] = said.split(",") if name == "hub_keys" else said
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(
            f"设置项 {name} 不对，请改 {file} 或环境变量 {PREFIX}{name.upper()}。",
            f"The setting {name} is not right: {first['msg']}; mend it in {file} or the environment.",
        ) from None
    if not topics.is_slug(settings.device) or settings.device == topics.RESERVED_DEVICE:
        raise BadSettings(
            f"设备名 {settings.device!r} 只能用小写字母、数字和连字符。",
            f"The device name {settings.device!r} must be small letters, digits and hyphens.",
        )
    return settings
