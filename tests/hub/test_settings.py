"""Settings: where each comes from, which source wins, and what a bad one is told."""

from pathlib import Path

import pytest

from hub.setting_values import BrokerUrl, Endpoint
from hub.settings import Explained, Settings, SettingsError, explain, load, unknown_names


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose data folder is empty."""
    return {"DONGDONG_DATA": str(tmp_path)}


def write_file(environ: dict[str, str], text: str) -> None:
    Path(environ["DONGDONG_DATA"], "dongdong.toml").write_text(text, encoding="utf-8")


def told(arguments: dict[str, str | None], environ: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        load(arguments, environ)
    return refused.value


def test_with_nothing_set_the_hub_serves_this_machine_only(tmp_path: Path) -> None:
    assert load({}, {"XDG_DATA_HOME": str(tmp_path)}) == Settings(
        data=tmp_path / "dongdong",
        http=Endpoint("127.0.0.1", 8080),
        tls_cert=None,
        tls_key=None,
        tls_own=False,
        mqtt=Endpoint("127.0.0.1", 1883),
        mqtt_tls=None,
        broker=None,
        self_test=180,
        quiet_hours=((720, 840), (1200, 450)),
        noise_budget_minutes=60,
        language="zh",
        log_level="info",
    )


def test_an_argument_beats_the_environment_beats_the_file_beats_the_default(environ: dict[str, str]) -> None:
    write_file(environ, 'DONGDONG_HTTP = "127.0.0.1:1"\nDONGDONG_LANGUAGE = "en"\nDONGDONG_LOG_LEVEL = "error"')
    environ |= {"DONGDONG_HTTP": "127.0.0.1:2", "DONGDONG_LANGUAGE": "zh"}
    settings = load({"HTTP": "127.0.0.1:3"}, environ)
    assert (settings.http.port, settings.language, settings.log_level) == (3, "zh", "error")
    assert settings.mqtt == Endpoint("127.0.0.1", 1883)


def test_an_argument_that_was_not_given_and_an_empty_variable_leave_the_next_source(environ: dict[str, str]) -> None:
    write_file(environ, 'DONGDONG_HTTP = "127.0.0.1:1"')
    assert load({"HTTP": None}, environ | {"DONGDONG_HTTP": ""}).http.port == 1


def test_the_file_is_read_from_the_folder_that_the_command_line_names(tmp_path: Path) -> None:
    (tmp_path / "dongdong.toml").write_text('DONGDONG_LANGUAGE = "en"', encoding="utf-8")
    assert load({"DATA": str(tmp_path)}, {"DONGDONG_DATA": "/nowhere"}).language == "en"


@pytest.mark.parametrize("address", ["0.0.0.0:80", "192.168.1.5:8080", "[::]:8080", "hub.example:80"])
def test_pages_without_tls_are_refused_beyond_this_machine(environ: dict[str, str], address: str) -> None:
    error = told({"HTTP": address}, environ)
    for sentence in (error.zh, error.en):
        assert address in sentence
        assert "--tls-own" in sentence


@pytest.mark.parametrize("address", ["127.0.0.1:80", "127.8.8.8:80", "localhost:80", "[::1]:80"])
def test_pages_without_tls_are_served_to_this_machine(environ: dict[str, str], address: str) -> None:
    assert str(load({"HTTP": address}, environ).http) == address


def test_with_tls_pages_are_served_to_everyone(environ: dict[str, str], tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    pem.touch()
    assert load({"HTTP": "0.0.0.0:443", "TLS_OWN": "true"}, environ).is_https
    assert load({"HTTP": "0.0.0.0:443", "TLS_CERT": str(pem), "TLS_KEY": str(pem)}, environ).is_https


def test_a_certificate_without_its_key_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.pem").touch()
    assert "DONGDONG_TLS_KEY" in told({"TLS_CERT": str(tmp_path / "x.pem")}, environ).en


def test_an_encrypted_listener_of_the_broker_needs_a_certificate(environ: dict[str, str]) -> None:
    assert "--tls-own" in told({"MQTT_TLS": "0.0.0.0:8883"}, environ).en
    assert load({"MQTT_TLS": "0.0.0.0:8883", "TLS_OWN": "true"}, environ).mqtt_tls == Endpoint("0.0.0.0", 8883)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HTTP", "8080"),
        ("HTTP", "127.0.0.1:0"),
        ("HTTP", "127.0.0.1:70000"),
        ("HTTP", ":80"),
        ("MQTT", "127.0.0.1:mqtt"),
        ("MQTT", "127.0.0.1:１"),
        ("TLS_CERT", "/nowhere/x.pem"),
        ("TLS_OWN", "maybe"),
        ("LANGUAGE", "fr"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_what_to_write(environ: dict[str, str], name: str, text: str) -> None:
    error = told({}, environ | {f"DONGDONG_{name}": text})
    for sentence in (error.zh, error.en):
        assert f"DONGDONG_{name}" in sentence
        assert text in sentence
    assert "write" in error.en
    assert "请" in error.zh


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("BROKER", "http://user:secret@host"),
        ("BROKER", "mqtt://user:secret@"),
        ("BROKER", "mqtt://user:secret@host:99999"),
        ("BROKER", "mqtt://user:secret@host/path"),
        ("DUTY_WEBHOOK", "gateway.example/secret"),
        ("NTFY", "ftp://u:secret@ntfy.example"),
        ("DUTY_WEBHOOK", "http://[secret"),
    ],
)
def test_a_bad_secret_is_told_without_the_secret(environ: dict[str, str], name: str, text: str) -> None:
    error = told({name: text}, environ)
    assert f"DONGDONG_{name}" in error.en
    assert "secret" not in str(error)


def test_a_broker_address_is_taken_apart(environ: dict[str, str]) -> None:
    broker = load({"BROKER": "mqtts://hub:p%40ss@broker.example"}, environ).broker
    assert broker == BrokerUrl("broker.example", 8883, is_tls=True, user="hub", password="p@ss")
    assert "p@ss" not in repr(broker)
    assert load({"BROKER": "mqtt://broker.example:1884"}, environ).broker == BrokerUrl("broker.example", 1884, False)


def test_of_two_ways_the_one_from_the_stronger_source_holds(environ: dict[str, str]) -> None:
    environ["DONGDONG_BROKER"] = "mqtt://broker.example"
    assert load({}, environ).broker is not None
    assert load({"MQTT": "127.0.0.1:1883"}, environ).broker is None


def test_two_ways_from_one_source_are_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.pem").touch()
    pem = str(tmp_path / "x.pem")
    assert "choose" in told({"MQTT": "127.0.0.1:1", "BROKER": "mqtt://h"}, environ).en
    assert "choose" in told({"TLS_OWN": "true", "TLS_CERT": pem, "TLS_KEY": pem}, environ).en
    assert load({"TLS_OWN": "false", "TLS_CERT": pem, "TLS_KEY": pem}, environ).tls_cert == tmp_path / "x.pem"


def test_an_unknown_name_in_the_file_is_told_with_the_nearest_known_one(environ: dict[str, str]) -> None:
    write_file(environ, 'DONGDONG_DUTY_WEBHOK = "https://x"')
    assert "DONGDONG_DUTY_WEBHOOK" in told({}, environ).en


def test_the_file_cannot_move_the_folder_it_lies_in(environ: dict[str, str]) -> None:
    write_file(environ, 'DONGDONG_DATA = "/elsewhere"')
    assert "DONGDONG_DATA" in told({}, environ).en


@pytest.mark.parametrize("text", ["DONGDONG_HTTP = ", "DONGDONG_HTTP = 8080", "DONGDONG_HTTP = ['a']", "\udcff"])
def test_a_file_that_cannot_be_read_is_named(environ: dict[str, str], text: str) -> None:
    Path(environ["DONGDONG_DATA"], "dongdong.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "dongdong.toml" in told({}, environ).en


def test_a_slip_in_the_environment_is_found(environ: dict[str, str]) -> None:
    given = environ | {"DONGDONG_DUTY_WEBHOK": "x", "DONGDONG_AGENT_HUB": "x", "PATH": "x"}
    assert unknown_names(given) == ("DONGDONG_DUTY_WEBHOK",)


def lines(arguments: dict[str, str | None], environ: dict[str, str]) -> dict[str, Explained]:
    return {line.name: line for line in explain(arguments, environ)}


def test_every_setting_is_explained_in_both_languages_with_its_default(environ: dict[str, str]) -> None:
    explained = lines({}, environ)
    assert {name.removeprefix("DONGDONG_").lower() for name in explained} == set(Settings.__dataclass_fields__)
    assert all(line.zh and line.en for line in explained.values())
    assert explained["DONGDONG_HTTP"].default == "127.0.0.1:8080"


def test_each_source_is_shown(environ: dict[str, str]) -> None:
    write_file(environ, 'DONGDONG_LANGUAGE = "en"')
    explained = lines({"HTTP": "127.0.0.1:3"}, environ)
    names = ("DONGDONG_HTTP", "DONGDONG_DATA", "DONGDONG_LANGUAGE", "DONGDONG_NTFY")
    assert [explained[name].source for name in names] == ["argument", "environment", "file", "default"]


def test_nothing_that_gives_access_is_explained(environ: dict[str, str]) -> None:
    secrets: dict[str, str | None] = {
        "BROKER": "mqtt://hub:very-secret@broker.example",
        "DUTY_WEBHOOK": "https://gateway.example/very-secret?token=very-secret",
        "NTFY": "https://user:very-secret@ntfy.example",
    }
    explained = lines(secrets, environ)
    assert "very-secret" not in str(explained)
    assert "gateway.example" in explained["DONGDONG_DUTY_WEBHOOK"].value


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ({"WECOM_CORP": "ww1"}, "WECOM_AGENT"),
        ({"WECOM_CORP": "ww1", "WECOM_AGENT": "7"}, "WECOM_SECRET"),
        ({"SMS_SIGN": "社区"}, "ALIYUN_KEY_ID"),
        ({"DINGTALK_SECRET": "SEC1"}, "DINGTALK"),
        ({"FEISHU_SECRET": "s"}, "FEISHU"),
    ],
)
def test_half_of_a_way_to_reach_people_is_told_what_it_needs(
    environ: dict[str, str], given: dict[str, str], absent: str
) -> None:
    error = told({}, environ | {f"DONGDONG_{name}": text for name, text in given.items()})
    for sentence in (error.zh, error.en):
        assert f"DONGDONG_{absent}" in sentence


@pytest.mark.parametrize("text", ["SMS_1", "ask=", "thanks=SMS_2", "ask=SMS_1 dance=SMS_2", "=SMS_1"])
def test_templates_need_one_for_asking_and_known_purposes(environ: dict[str, str], text: str) -> None:
    assert "ask" in told({}, environ | {"DONGDONG_SMS_TEMPLATES": text}).en


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("WEB_PUSH", "true"),
        ("WEB_PUSH", "mailto:nobody"),
        ("WEB_PUSH", "https://"),
        ("WEB_PUSH", "http://example.org"),
        ("APPRISE", "mailtos://user@example.org?to={address}"),
        ("APPRISE", "mail=mailtos://user@example.org"),
        ("APPRISE", "mail={address}"),
        ("WECOM_AGENT", "-1"),
        ("WECOM_AGENT", "１"),
    ],
)
def test_what_a_way_to_reach_people_cannot_use_is_told(environ: dict[str, str], name: str, text: str) -> None:
    rest = {"DONGDONG_WECOM_CORP": "c", "DONGDONG_WECOM_SECRET": "s"} if name == "WECOM_AGENT" else {}
    error = told({}, environ | rest | {f"DONGDONG_{name}": text})
    assert "write" in error.en
    assert "请" in error.zh


def test_services_of_apprise_are_read_by_name(environ: dict[str, str]) -> None:
    text = "mail=mailtos://u:p@smtp.example.org?to={address} tg=tgram://token/{address}"
    assert load({}, environ | {"DONGDONG_APPRISE": text}).apprise == {
        "mail": "mailtos://u:p@smtp.example.org?to={address}",
        "tg": "tgram://token/{address}",
    }


def test_secrets_of_channels_are_masked(environ: dict[str, str]) -> None:
    secrets = {
        "DONGDONG_WECOM_ROBOT": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=top-secret",
        "DONGDONG_DINGTALK": "https://oapi.dingtalk.com/robot/send?access_token=top-secret",
        "DONGDONG_DINGTALK_SECRET": "SECtop-secret",
        "DONGDONG_FEISHU": "https://open.feishu.cn/open-apis/bot/v2/hook/top-secret",
        "DONGDONG_FEISHU_SECRET": "top-secret",
        "DONGDONG_WECOM_SECRET": "top-secret",
        "DONGDONG_ALIYUN_KEY_SECRET": "top-secret",
        "DONGDONG_APPRISE": "mail=mailtos://hub:top-secret@smtp.example.org?to={address}",
    }
    shown = {one.name: one.value for one in explain({}, environ | secrets)}
    assert set(secrets) <= set(shown)
    assert "top-secret" not in "".join(shown.values())


@pytest.mark.parametrize(
    ("text", "spans"),
    [("off", ()), ("20:00-07:30", ((1200, 450),)), ("00:00-23:59, 12:00-12:00", ((0, 1439), (720, 720)))],
)
def test_quiet_hours_are_spans_of_the_day_or_off(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert load({}, {"DONGDONG_QUIET_HOURS": text}).quiet_hours == spans


@pytest.mark.parametrize(
    "text", ["20:00", "20:00-24:00", "8:00-9:00", "20:00-07:30,", "1-2-3", ",".join(["01:00-02:00"] * 9)]
)
def test_other_quiet_hours_are_refused_with_an_example(text: str) -> None:
    assert "20:00-07:30" in told({}, {"DONGDONG_QUIET_HOURS": text}).zh


@pytest.mark.parametrize(("text", "minute"), [("03:00", 180), ("23:59", 1439), ("00:00", 0), ("off", None)])
def test_the_time_of_the_self_test_is_a_time_of_day_or_off(text: str, minute: int | None) -> None:
    assert load({}, {"DONGDONG_SELF_TEST": text}).self_test == minute


@pytest.mark.parametrize("text", ["3:00", "24:00", "03:60", "0300", "٠٣:٠٠", "never"])
def test_another_time_of_the_self_test_is_refused_with_an_example(text: str) -> None:
    assert "03:00" in told({}, {"DONGDONG_SELF_TEST": text}).zh


@pytest.mark.parametrize(("text", "minutes"), [("0", 0), ("off", 0), ("1", 1), ("1440", 1440), ("", 60)])
def test_a_noise_budget_is_minutes_of_a_day_or_no_limit(text: str, minutes: int) -> None:
    assert load({}, {"DONGDONG_NOISE_BUDGET_MINUTES": text}).noise_budget_minutes == minutes


@pytest.mark.parametrize("text", ["-1", "1.5", "1441", "1h", "many"])
def test_another_noise_budget_is_refused_with_an_example(text: str) -> None:
    assert "例如 60" in told({}, {"DONGDONG_NOISE_BUDGET_MINUTES": text}).zh
