"""Why a device did not play something: the device's words, in the reader's language where they are known."""

from __future__ import annotations

import re

from hub.console.language import mark as _
from hub.console.language import translations

QUIET = re.compile(r"quiet hours ((\d\d:\d\d)-(\d\d:\d\d))")
"""As device_agent/core/quiet.py writes it."""
BUDGET = re.compile(r"noise budget ([\d.]+) min a day, ([\d.]+) min used")
"""As device_agent/core/noise.py writes it."""


def told(reason: str, language: str) -> str:
    """The reason of a receipt as people read it; what is not known is left as the device wrote it."""
    word = translations(language).gettext
    if budget := BUDGET.fullmatch(reason):
        sentence = word(_("那里一天最多播 %(most)s 分钟，已经播了 %(used)s 分钟，剩下的不够播这一条"))
        return sentence % {"most": budget[1], "used": budget[2]}
    quiet = QUIET.fullmatch(reason)
    if quiet is None:
        return reason
    hours = word(_("全天")) if quiet[2] == quiet[3] else quiet[1]
    return word(_("那里的安静时段是 %(hours)s")) % {"hours": hours}
