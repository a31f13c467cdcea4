"""The words that the console has for every state, kind, step and event that a rule may name."""

from __future__ import annotations

from collections.abc import Mapping

from hub.console.language import mark as _

LABELS: Mapping[str, Mapping[str, str]] = {
    "state": {
        "open": _("没人接"),
        "accepted": _("有人在路上"),
        "arrived": _("人到了"),
        "closed": _("已结束"),
    },
    "step": {
        "accept": _("接单"),
        "decline": _("去不了"),
        "withdraw": _("退出"),
        "arrive": _("到了"),
        "close": _("结束"),
        "reopen": _("重新叫人"),
        "note": _("记一笔"),
    },
    "alert_kind": {
        "call": _("求助"),
        "service": _("要帮忙"),
        "unreadable": _("看不懂的呼叫"),
    },
    "level": {"1": _("一级"), "2": _("二级"), "3": _("三级"), "4": _("四级")},
    "seen": {
        "door": _("到门口见到了人"),
        "conversation": _("通过电话或对讲确认"),
        "override": _("没有见到人（要写原因）"),
    },
    "rung": {
        "place": _("楼里：结对帮扶、楼栋长、值班台"),
        "grid": _("网格：网格长、值班志愿者"),
        "on_duty": _("所有在岗的人"),
    },
    "sending": {
        "due": _("正在发"),
        "sent": _("已发出"),
        "failed": _("没发出去"),
        "dropped": _("不用发了"),
        "declined": _("去不了"),
        "accepted": _("接了"),
    },
    "why": {
        "no page open": _("网页没有开着"),
        "channel not configured": _("这种方式还没有设置"),
        "no answer within 10 s": _("10 秒没有回答"),
    },
    "channel": {
        "webhook": _("值班接口"),
        "ntfy": _("手机推送"),
        "page": _("打开的网页"),
        "wecom_app": _("企业微信"),
        "wecom_robot": _("企业微信群"),
        "dingtalk": _("钉钉群"),
        "feishu": _("飞书群"),
        "sms": _("短信"),
        "web_push": _("这部手机"),
        "apprise": _("邮件等"),
    },
    "purpose": {
        "ask": _("请去看看"),
        "thanks": _("已有人去，谢谢"),
        "pressed_again": _("又按了铃"),
        "said_fine": _("老人说没事了"),
        "expired": _("时间过了，另外叫人"),
        "withdrawn": _("另外叫人，谢谢"),
        "desk_asks": _("值班台问情况"),
        "stand_in": _("请接手值班台"),
    },
    "stage": {
        "recorded": _("已收到，正在叫人"),
        "notifying": _("还在叫人"),
        "accepted": _("有人接了，正在赶来"),
        "changed": _("换了一位，正在赶来"),
        "arrived": _("人到了"),
        "closed": _("好了"),
    },
    "event": {
        "opened": _("按铃求助"),
        "asked": _("开始叫人"),
        "rung_empty": _("这一级没有人，跳过"),
        "rung_failed": _("这一级都没发出去，马上叫下一级"),
        "pressed_again": _("又按了一次铃"),
        "hurried": _("连按三次，马上叫下一级"),
        "reminded": _("又告诉老人：还在叫人"),
        "said_fine": _("老人说没事了，请确认"),
        "accepted": _("接单"),
        "backup": _("也去，作后备"),
        "declined": _("去不了"),
        "withdrawn": _("退出，重新叫人"),
        "acceptance_expired": _("到时间没有到，重新叫人"),
        "arrived": _("到了"),
        "desk_asked": _("提醒值班台问情况"),
        "desk_unwatched": _("值班台没有人看着，已通知接手的人"),
        "reopened": _("重新叫人"),
        "note": _("备注"),
        "closed": _("结束"),
        "clock_stepped": _("系统时间被校正，期限跟着移动"),
    },
    "kind": {
        "routine": _("日常通知"),
        "notice": _("重要通知"),
        "blue": _("蓝色预警"),
        "yellow": _("黄色预警"),
        "orange": _("橙色预警"),
        "red": _("红色预警"),
    },
    "reached": {
        "sent": _("已发送"),
        "received": _("已收到"),
        "verified": _("已核对"),
        "ready": _("准备好"),
        "playing": _("正在播"),
        "played": _("播完，没听到"),
        "heard": _("听到了"),
        "interrupted": _("被打断"),
        "superseded": _("被更急的代替"),
        "suppressed": _("安静时段没播"),
        "stopped": _("已停止"),
        "expired": _("过期没播"),
        "rejected": _("设备拒绝"),
        "failed": _("失败"),
        "waiting": _("等网络恢复再发"),
        "no_device": _("没有设备"),
    },
    "link": {
        "never": _("从没联系上"),
        "online": _("在线"),
        "lost": _("失去联系"),
        "offline": _("离线"),
    },
    "part": {"speaker": _("喇叭"), "microphone": _("麦克风"), "button": _("按钮")},
    "role": {
        "admin": _("管理员"),
        "staff": _("工作人员"),
        "technician": _("技术员"),
        "volunteer": _("志愿者"),
        "observer": _("只看"),
    },
    "candidates": {"asked": _("已经问过的"), "on_shift": _("在岗的"), "others": _("其他人")},
    "trouble": {
        "unrecorded_presses": _("有呼叫没有存下来，请马上检查系统，并打电话确认老人的情况。"),
        "due_loop_stuck": _("系统停住了：不会自动叫下一级的人。请打电话叫人，并重启系统。"),
        "presses_not_connected": _("收不到按铃：和消息服务器断开了，正在重连。"),
        "link_not_connected": _("发不到楼里的设备：和消息服务器断开了，正在重连。"),
        "desk_unwatched": _("有人求助，而没有一个值班台开着声音。请有人到值班台点“开始值班”。"),
    },
    "home": {"fine": _("都验证过"), "unproved": _("有没验证的")},
    "duty": {
        "helper": _("结对帮扶"),
        "building_head": _("楼栋长"),
        "grid_leader": _("网格长"),
        "volunteer": _("志愿者"),
        "desk": _("值班台"),
    },
}

LEVEL_OF = {"call": 1, "unreadable": 2, "service": 3}
"""How urgent each kind of alert is: what the desk sorts by, and how it sounds."""
SHAPE_OF_LEVEL = {1: "▲", 2: "◆", 3: "■", 4: "●"}
"""Level is always shape, word and colour together (CONSOLE.md)."""
LEVEL_OF_KIND = {"red": 1, "orange": 2, "yellow": 3, "blue": 4, "notice": 4, "routine": 0}
SHAPE_OF_REACHED = {
    "sent": "○",
    "received": "◔",
    "verified": "◑",
    "ready": "◕",
    "playing": "▶",
    "played": "▣",
    "heard": "✓",
    "interrupted": "‖",
    "superseded": "‖",
    "suppressed": "☾",
    "stopped": "■",
    "expired": "✕",
    "rejected": "✕",
    "failed": "✕",
    "waiting": "…",
    "no_device": "✕",
}
COLOUR_OF_REACHED = {
    "playing": "text-note",
    "played": "text-warn",
    "heard": "text-good",
    "interrupted": "text-warn",
    "superseded": "text-warn",
    "suppressed": "text-warn",
    "expired": "text-bad",
    "rejected": "text-bad",
    "failed": "text-bad",
    "waiting": "text-warn",
    "no_device": "text-bad",
}


def label(group: str, value: object) -> str:
    """The Chinese word for a value, to be translated where it is shown; the value itself if we have none."""
    return LABELS[group].get(str(value), str(value))
