"""Why a device did not play something: the device's words, in the reader's language where they are known."""

from __future__ import annotations

import re

from hub.console.language import mark as _
from hub.console.language import translations

QUIET = re.compile(r"quiet hours ((\d\d:\d\d)-(\d\d:\d\d))")
"""As device_agent/core/quiet.py writes it."""


def told(reason: str, language: str) -> str:
    """The reason of a receipt as people read it; what is not known is left as the device wrote it."""
    quiet = QUIET.fullmatch(reason)
    if quiet is None:
        return reason
    word = translations(language).gettext
    hours = word(_("全天")) if quiet[2] == quiet[3] else quiet[1]
    return word(_("那里的安静时段是 %(hours)s")) % {"hours": hours}
