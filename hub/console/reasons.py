"""Why a device did not play something: the device's words, in the reader's language where they are known."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.console.language import mark as _
from hub.console.language import translations

QUIET = re.compile(r"quiet hours ((\d\d:\d\d)-(\d\d:\d\d))")
"""As device_agent/core/quiet.py writes it."""
NUMBERED: Mapping[re.Pattern[str], str] = {
    re.compile(r"noise budget (?P<most>[\d.]+) min a day, (?P<used>[\d.]+) min used"): _(
        "那里一天最多播 %(most)s 分钟，已经播了 %(used)s 分钟，剩下的不够播这一条"
    ),
    re.compile(r"(?P<lost>[\d.]+) s of it did not sound"): _("中间有 %(lost)s 秒没有响"),
    re.compile(r"after (?P<played>[\d.]+) s"): _("播了 %(played)s 秒"),
}
"""As device_agent/core/noise.py and sounding.py write them."""
FIXED: Mapping[str, str] = {
    "the device restarted while it sounded": _("播到一半，设备重新启动了"),
    "the loudspeaker did not play it to its end": _("喇叭停住了，没有播到底"),
    "came too late to be played": _("到得太晚，已经没有可播的了"),
    "nothing was said": _("没有人说话，或者声音没有传到那里"),
}
"""As device_agent/core/announcements.py, sounding.py and live_announcements.py write them."""


def told(reason: str, language: str) -> str:
    """The reason of a receipt as people read it; what is not known is left as the device wrote it."""
    word = translations(language).gettext
    if reason in FIXED:
        return word(FIXED[reason])
    for pattern, sentence in NUMBERED.items():
        if numbers := pattern.fullmatch(reason):
            return word(sentence) % numbers.groupdict()
    quiet = QUIET.fullmatch(reason)
    if quiet is None:
        return reason
    hours = word(_("全天")) if quiet[2] == quiet[3] else quiet[1]
    return word(_("那里的安静时段是 %(hours)s")) % {"hours": hours}
