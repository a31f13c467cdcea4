"""Builds the ways to reach people, each that the settings configure."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from hub.adapters.notify.aliyun_sms import AliyunSms
from hub.adapters.notify.dingtalk import DingTalk
from hub.adapters.notify.feishu import Feishu
from hub.adapters.notify.ntfy import Ntfy
from hub.adapters.notify.page import OpenPage
from hub.adapters.notify.sms import Sms
from hub.adapters.notify.webhook import Webhook
from hub.adapters.notify.wecom_app import WecomApp
from hub.adapters.notify.wecom_robot import WecomRobot
from hub.channel_settings import ChannelSettings
from hub.domain.people import ChannelName
from hub.services.ports import Channel, Clock


def build_channels(
    settings: ChannelSettings, session: aiohttp.ClientSession, clock: Clock, has_open_page: Callable[[str], bool]
) -> dict[ChannelName, Channel]:
    """By name; a way that is not configured is not there. `has_open_page` says it of a person."""
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
        channels[ChannelName.WECOM_ROBOT] = WecomRobot(session, settings.wecom_robot)
    if settings.dingtalk:
        channels[ChannelName.DINGTALK] = DingTalk(session, settings.dingtalk, settings.dingtalk_secret or "", clock)
    if settings.feishu:
        channels[ChannelName.FEISHU] = Feishu(session, settings.feishu, settings.feishu_secret or "", clock)
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
    return channels
