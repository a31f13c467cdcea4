"""Builds the ways to reach people, each that the settings configure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import aiohttp

from hub.adapters.notify.aliyun_sms import AliyunSms
from hub.adapters.notify.apprise_urls import AppriseProcess, AppriseUrls
from hub.adapters.notify.dingtalk import DingTalk
from hub.adapters.notify.feishu import Feishu
from hub.adapters.notify.group import Group
from hub.adapters.notify.ntfy import Ntfy
from hub.adapters.notify.page import OpenPage
from hub.adapters.notify.push_encryption import public_bytes
from hub.adapters.notify.sms import Sms
from hub.adapters.notify.web_push import WebPush
from hub.adapters.notify.webhook import Webhook
from hub.adapters.notify.wecom_app import WecomApp
from hub.adapters.notify.wecom_robot import WecomRobot
from hub.adapters.vapid_key import vapid_key
from hub.domain.people import ChannelName, Contact
from hub.domain.subscription import encode
from hub.services.phones import Phones
from hub.services.ports import Channel, Clock, Database, Notification
from hub.settings import Settings

KEYS = "keys"
"""The folder of keys within the data folder."""


def build_channels(
    settings: Settings,
    session: aiohttp.ClientSession,
    clock: Clock,
    database: Database,
    has_open_page: Callable[[str], bool],
    apprise: AppriseProcess,
) -> dict[ChannelName, Channel]:
    """By name; a way that is not configured is not there.

    `has_open_page` says it of a person; `apprise` begins with the first message, and is the caller's to close.
    """
    channels: dict[ChannelName, Channel] = {
        ChannelName.WEBHOOK: Webhook(session),
        ChannelName.PAGE: OpenPage(has_open_page),
    }
    if settings.ntfy:
        channels[ChannelName.NTFY] = Ntfy(session, settings.ntfy)
    if settings.wecom_corp and settings.wecom_agent is not None and settings.wecom_secret:
        channels[ChannelName.WECOM_APP] = WecomApp(
            session, settings.wecom_api, settings.wecom_corp, settings.wecom_agent, settings.wecom_secret, clock
        )
    if settings.wecom_robot:
        channels[ChannelName.WECOM_ROBOT] = Group(WecomRobot(session, settings.wecom_robot).post)
    if settings.dingtalk:
        dingtalk = DingTalk(session, settings.dingtalk, settings.dingtalk_secret or "", clock)
        channels[ChannelName.DINGTALK] = Group(dingtalk.post)
    if settings.feishu:
        feishu = Feishu(session, settings.feishu, settings.feishu_secret or "", clock)
        channels[ChannelName.FEISHU] = Group(feishu.post)
    if settings.aliyun_key_id and settings.aliyun_key_secret and settings.sms_sign and settings.sms_templates:
        carrier = AliyunSms(
            session,
            settings.aliyun_sms_api,
            settings.aliyun_key_id,
            settings.aliyun_key_secret,
            settings.sms_sign,
            clock,
        )
        channels[ChannelName.SMS] = Sms(carrier, settings.sms_templates)
    if settings.web_push:
        key = vapid_key(settings.data / KEYS)
        channels[ChannelName.WEB_PUSH] = WebPush(session, key, settings.web_push, clock, partial(_forget, database))
    if settings.apprise:
        channels[ChannelName.APPRISE] = AppriseUrls(settings.apprise, apprise)
    return channels


def build_phones(
    settings: Settings, channels: Mapping[ChannelName, Channel], database: Database, clock: Clock
) -> Phones | None:
    """What takes phones in; None where Web Push is not configured."""
    channel = channels.get(ChannelName.WEB_PUSH)
    if channel is None:
        return None
    return Phones(database, channel, clock, encode(public_bytes(vapid_key(settings.data / KEYS))))


async def _forget(database: Database, notification: Notification) -> None:
    """The contact that this notification was sent to is of no more use."""
    person_id, contact = notification.person_id, Contact(notification.channel, notification.address)
    if person_id is not None:
        await database.write(lambda tx: tx.people.drop_contact(person_id, contact))
