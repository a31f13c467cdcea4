"""The hub's settings: one table of them, read once from command line, environment, file and defaults."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub import channel_settings
from hub import setting_values as values
from hub.channel_settings import ChannelSettings
from hub.setting_row import Row
from hub.setting_values import BrokerUrl, Endpoint, Language

PREFIX = "DONGDONG_"
FILE_NAME = "dongdong.toml"

Source = Literal["argument", "environment", "file", "default"]


class SettingsError(Exception):
    """A setting cannot be used; `zh` and `en` name it, its value, and what to write instead."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Settings(ChannelSettings):
    """All settings of one hub process. `broker` is None when the hub runs its own, at `mqtt`."""

    data: Path
    http: Endpoint
    tls_cert: Path | None
    tls_key: Path | None
    tls_own: bool
    mqtt: Endpoint
    mqtt_tls: Endpoint | None
    broker: BrokerUrl | None
    self_test: int | None
    quiet_hours: tuple[tuple[int, int], ...]
    noise_budget_minutes: int
    """Minutes at full level a building may sound between two midnights; 0: no limit. 60 by default: ten notices of a
    minute, each three times, are 30, so no ordinary day reaches it, and a loudspeaker that a slip or a program keeps
    busy falls silent within the hour."""
    language: Language
    log_level: str

    @property
    def is_https(self) -> bool:
        """Whether pages are served over TLS, with given certificates or our own authority's."""
        return self.tls_own or self.tls_cert is not None


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of `dongdong settings`: what holds (secrets masked), where it comes from, what it means."""

    name: str
    value: str
    default: str
    source: Source
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    source: Source


def load(arguments: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings; `arguments` maps names without prefix (`"HTTP"`) to what the command line gave.

    Precedence: argument, environment, file `DATA/dongdong.toml`, default. Raises SettingsError.
    """
    found = _find(arguments, environ)
    read = {row.name.lower(): _read(row, found[row.name]) for row in _ROWS}
    settings = Settings(**read)  # type: ignore[arg-type]  # each row's reader returns its field's type
    _check_together(settings)
    return settings


def explain(arguments: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> tuple[Explained, ...]:
    """Every setting with its value, default and source, for `dongdong settings`. Raises SettingsError."""
    found = _find(arguments, environ)
    defaults = _defaults(environ)
    return tuple(
        Explained(
            name=PREFIX + row.name,
            value=values.mask(found[row.name].text) if row.is_secret else found[row.name].text,
            default=defaults[row.name],
            source=found[row.name].source,
            zh=row.zh,
            en=row.en,
        )
        for row in _ROWS
    )


def unknown_names(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Names in the environment that look like the hub's and are none: probably a slip, worth a warning."""
    known = {PREFIX + row.name for row in _ROWS}
    ours = (name for name in environ if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}AGENT_"))
    return tuple(sorted(name for name in ours if name not in known))


def _find(arguments: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, _Found]:
    """Text and source of every setting; an empty text counts as not set."""
    given = {row.name: environ.get(PREFIX + row.name) for row in _ROWS}
    defaults = _defaults(environ)
    data = Path(arguments.get("DATA") or given["DATA"] or defaults["DATA"]).expanduser()
    layers: tuple[tuple[Source, Mapping[str, str | None]], ...] = (
        ("argument", arguments),
        ("environment", given),
        ("file", _from_file(data / FILE_NAME)),
        ("default", {**defaults}),
    )
    found = {row.name: _strongest(row.name, layers) for row in _ROWS}
    return found | _out_of_force(found, defaults)


def _strongest(name: str, layers: tuple[tuple[Source, Mapping[str, str | None]], ...]) -> _Found:
    for source, layer in layers:
        if text := layer.get(name):
            return _Found(text, source)
    return _Found("", "default")


def _defaults(environ: Mapping[str, str]) -> dict[str, str]:
    """Defaults as text; the data folder lies in the XDG data home (XDG Base Directory Specification 0.8)."""
    base = environ.get("XDG_DATA_HOME")
    data = (Path(base) if base else Path.home() / ".local" / "share") / "dongdong"
    return {row.name: row.default for row in _ROWS} | {"DATA": str(data)}


def _from_file(path: Path) -> dict[str, str | None]:
    """What the file sets, by name without prefix; a missing file sets nothing."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"读不了设置文件 {path}：{error}", f"Cannot read {path}: {error}") from error
    return {_known_name(key, path): _file_text(key, value, path) for key, value in content.items()}


def _known_name(key: str, path: Path) -> str:
    known = [PREFIX + row.name for row in _ROWS if row.name != "DATA"]
    if key in known:
        return key.removeprefix(PREFIX)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
    raise SettingsError(
        f"{path} 里的 {key} 不是能写在这里的设置；是不是想写 {near}？",
        f"{path}: {key} cannot be set here; perhaps {near}?",
    )


def _file_text(key: str, value: object, path: Path) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    raise SettingsError(f"{path} 里的 {key} 要写成带引号的文字。", f"{path}: write {key} as text in quotes.")


# Two ways to do one thing: the way chosen by the stronger source holds, the other is put out of force.
_ALTERNATIVES = ((("TLS_CERT", "TLS_KEY"), ("TLS_OWN",)), (("MQTT", "MQTT_TLS"), ("BROKER",)))
_STRENGTH: Mapping[Source, int] = {"argument": 3, "environment": 2, "file": 1, "default": 0}


def _out_of_force(found: Mapping[str, _Found], defaults: Mapping[str, str]) -> dict[str, _Found]:
    """The settings of the weaker ways, back at their defaults. Raises SettingsError for two equal ways."""

    def strength(side: tuple[str, ...]) -> int:
        return max(_STRENGTH[found[name].source] * (found[name].text.lower() not in values.OFF) for name in side)

    weaker: list[str] = []
    for one, other in _ALTERNATIVES:
        if strength(one) and strength(one) == strength(other):
            both = " / ".join(PREFIX + name for name in (*one, *other))
            raise SettingsError(f"{both}：两种方式只能选一种。", f"{both}: choose one of the two ways.")
        if strength(one) and strength(other):
            weaker += one if strength(one) < strength(other) else other
    return {name: _Found(defaults[name], "default") for name in weaker}


def _read(row: Row, found: _Found) -> object:
    if not found.text:
        return None
    try:
        return row.read(found.text)
    except values.UnreadableValue as error:
        shown = values.mask(found.text) if row.is_secret else found.text
        raise SettingsError(
            f"{PREFIX}{row.name} 现在是“{shown}”，用不了；{error.zh}",
            f"{PREFIX}{row.name} is “{shown}”, which cannot be used; {error.en}",
        ) from error


def _check_together(settings: Settings) -> None:
    """Rules over more than one setting."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError(
            "DONGDONG_TLS_CERT 和 DONGDONG_TLS_KEY 要一起写：一个证书文件，一个私钥文件。",
            "DONGDONG_TLS_CERT and DONGDONG_TLS_KEY belong together: write both files or neither.",
        )
    if settings.mqtt_tls is not None and not settings.is_https:
        raise SettingsError(
            "DONGDONG_MQTT_TLS 需要证书：请加 --tls-own，或者加 --tls-cert 和 --tls-key。",
            "DONGDONG_MQTT_TLS needs a certificate: add --tls-own, or --tls-cert and --tls-key.",
        )
    half = channel_settings.missing(settings)
    if half:
        given, absent = (PREFIX + name for name in half)
        raise SettingsError(f"{given} 还需要 {absent}：请把它也写上。", f"{given} needs {absent}: write it as well.")
    if not settings.is_https and not settings.http.is_loopback:
        raise SettingsError(
            f"不加密的网页只能在本机打开（127.0.0.1），不能开在 {settings.http}；"
            "请加 --tls-own（自己签发证书），或者加 --tls-cert 和 --tls-key。",
            f"Pages without TLS are only served to this machine (127.0.0.1), not at {settings.http}; "
            "add --tls-own (our own certificate), or --tls-cert and --tls-key.",
        )


_ROWS = (
    Row("DATA", values.folder, "", "数据文件夹：数据库、录音、密钥和设置文件", "Folder of all data and keys"),
    Row("HTTP", values.endpoint, "127.0.0.1:8080", "网页和接口开在哪里", "Where pages and API listen"),
    Row("TLS_CERT", values.existing_file, "", "网页证书文件（PEM）", "Certificate of the pages (PEM file)"),
    Row("TLS_KEY", values.existing_file, "", "网页证书的私钥文件（PEM）", "Its private key (PEM file)"),
    Row("TLS_OWN", values.switch, "false", "自己签发网页证书", "Make our own authority and certificate"),
    Row("MQTT", values.endpoint, "127.0.0.1:1883", "自带的消息服务器开在哪里", "Where our own broker listens"),
    Row("MQTT_TLS", values.endpoint, "", "自带的消息服务器另外加密开在哪里", "Where it listens over TLS as well"),
    Row(
        "BROKER",
        values.broker_url,
        "",
        "改用外面的消息服务器",
        "Use this outside broker instead",
        is_secret=True,
    ),
    *channel_settings.ROWS,
    Row(
        "SELF_TEST",
        values.minute_of_day,
        "03:00",
        "每天几点起，各栋喇叭轻声自检（家里的喇叭在上午 10 点）；off 是不自检",
        "When the buildings begin to prove themselves by a quiet sound (in homes at 10:00); off: never",
    ),
    Row(
        "QUIET_HOURS",
        values.times_of_day,
        "12:00-14:00,20:00-07:30",
        "安静时段：这时只播橙色、红色预警和现场消防喊话；off 是没有",
        "Quiet hours: only orange and red warnings and the fire microphone sound then; off: none",
    ),
    Row(
        "NOISE_BUDGET_MINUTES",
        values.minutes_a_day,
        "60",
        "每栋楼每天最多播几分钟（音量一半算一半），播满后只播橙色、红色预警和现场消防喊话；0 或 off 是不限",
        "Minutes a day that a building may sound (at half volume half as much counts), after which only orange and red "
        "warnings and the fire microphone do; 0 or off: no limit",
    ),
    Row("LANGUAGE", values.language, "zh", "提示用的语言：zh 或 en", "Language of messages: zh or en"),
    Row("LOG_LEVEL", values.log_level, "info", "日志的详细程度", "How much is logged"),
)
