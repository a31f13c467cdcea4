"""The settings of the ways to reach people. A way whose settings are empty is not used."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub import setting_values as values
from hub.domain.alerts import Purpose
from hub.setting_row import Row


def templates(text: str) -> Mapping[Purpose, str]:
    """`ask=SMS_1 thanks=SMS_2`: a template's code for each purpose; that of `ask` must be there."""
    pairs = dict(pair.partition("=")[::2] for pair in text.split())
    if "ask" not in pairs or not all(pairs.values()) or not pairs.keys() <= {one.value for one in Purpose}:
        names = ", ".join(one.value for one in Purpose)
        raise values.UnreadableValue(
            f"请写成 ask=SMS_1 thanks=SMS_2，每种用途一个模板（{names}），ask 一定要有。",
            f"write ask=SMS_1 thanks=SMS_2, a template for each purpose ({names}); ask is needed.",
        )
    return {Purpose(name): code for name, code in pairs.items()}


def services(text: str) -> Mapping[str, str]:
    """`mail=mailtos://user:password@host?to={address}`: names and Apprise URLs, separated by spaces."""
    pairs = dict(pair.partition("=")[::2] for pair in text.split())
    if not pairs or not all(name.isidentifier() and "://" in url and "{address}" in url for name, url in pairs.items()):
        raise values.UnreadableValue(
            "请写成 名字=Apprise网址，收信人的位置写 {address}，几个之间用空格隔开。",
            "write NAME=APPRISE-URL with {address} for the receiver, several separated by spaces.",
        )
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """What each way needs; None is not set. Addresses of robots hold their key, so they are secrets as well."""

    duty_webhook: str | None = field(default=None, repr=False)
    ntfy: str | None = field(default=None, repr=False)
    wecom_api: str = "https://qyapi.weixin.qq.com"
    wecom_corp: str | None = None
    wecom_agent: int | None = None
    wecom_secret: str | None = field(default=None, repr=False)
    wecom_robot: str | None = field(default=None, repr=False)
    dingtalk: str | None = field(default=None, repr=False)
    dingtalk_secret: str | None = field(default=None, repr=False)
    feishu: str | None = field(default=None, repr=False)
    feishu_secret: str | None = field(default=None, repr=False)
    aliyun_sms_api: str = "https://dysmsapi.aliyuncs.com"
    aliyun_key_id: str | None = None
    aliyun_key_secret: str | None = field(default=None, repr=False)
    sms_sign: str | None = None
    sms_templates: Mapping[Purpose, str] | None = None
    web_push: str | None = None
    apprise: Mapping[str, str] | None = field(default=None, repr=False)


TOGETHER = (
    ("WECOM_CORP", "WECOM_AGENT", "WECOM_SECRET"),
    ("ALIYUN_KEY_ID", "ALIYUN_KEY_SECRET", "SMS_SIGN", "SMS_TEMPLATES"),
)
"""Groups of which all are set, or none."""
NEEDS = {"DINGTALK_SECRET": "DINGTALK", "FEISHU_SECRET": "FEISHU"}
"""A setting that means nothing without another."""

ROWS = (
    Row(
        "DUTY_WEBHOOK",
        values.web_address,
        "",
        "每次求助都先通知的网址",
        "Address notified on the first rung of every alert",
        is_secret=True,
    ),
    Row("NTFY", values.web_address, "", "ntfy 推送服务器的网址", "Address of an ntfy server", is_secret=True),
    Row(
        "WECOM_API",
        values.web_address,
        "https://qyapi.weixin.qq.com",
        "企业微信（或政务微信）服务器的网址",
        "Address of the WeCom server",
    ),
    Row("WECOM_CORP", str, "", "企业微信的企业 ID", "WeCom: id of the corporation"),
    Row("WECOM_AGENT", values.whole_number, "", "企业微信应用的 AgentId", "WeCom: AgentId of the application"),
    Row("WECOM_SECRET", str, "", "企业微信应用的 Secret", "WeCom: secret of the application", is_secret=True),
    Row(
        "WECOM_ROBOT",
        values.web_address,
        "",
        "企业微信群机器人的网址",
        "Address of a WeCom group robot",
        is_secret=True,
    ),
    Row("DINGTALK", values.web_address, "", "钉钉群机器人的网址", "Address of a DingTalk robot", is_secret=True),
    Row("DINGTALK_SECRET", str, "", "钉钉群机器人的加签密钥", "Its secret for signatures", is_secret=True),
    Row("FEISHU", values.web_address, "", "飞书群机器人的网址", "Address of a Feishu (Lark) bot", is_secret=True),
    Row("FEISHU_SECRET", str, "", "飞书群机器人的签名密钥", "Its secret for signatures", is_secret=True),
    Row(
        "ALIYUN_SMS_API",
        values.web_address,
        "https://dysmsapi.aliyuncs.com",
        "阿里云短信服务的网址",
        "Address of Aliyun's SMS service",
    ),
    Row("ALIYUN_KEY_ID", str, "", "阿里云 AccessKey ID", "Aliyun: id of the access key"),
    Row("ALIYUN_KEY_SECRET", str, "", "阿里云 AccessKey Secret", "Aliyun: secret of the access key", is_secret=True),
    Row("SMS_SIGN", str, "", "短信签名", "Approved sign name of text messages"),
    Row(
        "SMS_TEMPLATES",
        templates,
        "",
        "各种用途的短信模板，变量只有 place，例如 ask=SMS_1 thanks=SMS_2",
        "Approved templates of text messages, with the variable place: ask=SMS_1 thanks=SMS_2",
    ),
    Row(
        "WEB_PUSH",
        values.push_contact,
        "",
        "打开网页推送：写上手机厂商能联系到您的地址，例如 mailto:admin@example.org",
        "Turns Web Push on: whom its services may write to, for example mailto:admin@example.org",
    ),
    Row(
        "APPRISE",
        services,
        "",
        "邮件和其他方式：名字=Apprise网址，收信人的位置写 {address}",
        "E-mail and others: NAME=APPRISE-URL with {address} for the receiver",
        is_secret=True,
    ),
)


def missing(settings: ChannelSettings) -> tuple[str, str] | None:
    """A setting that is given, and one that it cannot do without and that is not; None when all is whole."""

    def is_set(name: str) -> bool:
        return getattr(settings, name.lower()) is not None

    for group in TOGETHER:
        given = [name for name in group if is_set(name)]
        absent = [name for name in group if not is_set(name)]
        if given and absent:
            return given[0], absent[0]
    alone = ((one, other) for one, other in NEEDS.items() if is_set(one) and not is_set(other))
    return next(alone, None)
