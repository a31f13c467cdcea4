"""What is stored of an announcement that was asked for: its words, its instant, its priority and its window."""

from __future__ import annotations

from hub.domain.announcements import AGREED_MS, VALID_AFTER_END_MS, Status, Wanted, lead_ms, total_ms
from hub.domain.live import LIVE, MOST_MS, UNUSED_MS
from hub.domain.reading import spoken
from hub.domain.second_person import HOLD_MS, Hold, needs_window
from hub.domain.words import say
from hub.services.audience import Targets
from hub.services.ports import Announcement, Sound
from wire.ids import new_id
from wire.messages import Timeline

TITLE_CHARACTERS = 20
"""As much as fits one line of the small panels."""


def planned(
    wanted: Wanted,
    targets: Targets,
    sound: Sound,
    by: str,
    priority: int | None,
    now_ms: int,
    timeline: Timeline,
) -> Announcement:
    """The row; an instant that is past, or too near for the devices to prepare, becomes the next possible one.

    What is held stays valid for a little longer than it needs, so that its sound need not be published again.
    """
    rank = wanted.priority if priority is None else priority
    text, language = said(wanted, targets.community.language), targets.community.language
    hold_ms = HOLD_MS if needs_window(rank, by) else 0
    play_at_ms = max(wanted.play_at_ms or 0, now_ms + hold_ms + lead_ms(sound.duration_ms))
    end_ms = play_at_ms + total_ms(sound.duration_ms, wanted.repeat)
    is_agreed = play_at_ms - now_ms <= AGREED_MS
    return Announcement(
        id=new_id(now_ms),
        kind=wanted.kind.value,
        priority=rank,
        title=title(titled(wanted, language)),
        text=text,
        spoken=spoken(text) if language == "zh" else text,
        places=targets.places,
        audio_sha256=sound.sha256,
        duration_ms=sound.duration_ms,
        repeat=wanted.repeat,
        play_at_ms=play_at_ms,
        valid_until_ms=end_ms + VALID_AFTER_END_MS + hold_ms,
        created_ms=now_ms,
        created_by=by,
        status=wanted.status,
        hold=Hold.HELD if hold_ms else None,
        hold_until_ms=now_ms + hold_ms if hold_ms else None,
        boot=timeline.boot if is_agreed else None,
        base_ns=timeline.base_ns if is_agreed else None,
    )


def spoken_live(announcement_id: str, priority: int, targets: Targets, by: str, now_ms: int) -> Announcement:
    """The row of a live announcement while it lasts; `close_live` gives it its sound and its length."""
    name = say("live.title", targets.community.language)
    return Announcement(
        id=announcement_id,
        kind=LIVE,
        priority=priority,
        title=name,
        text=name,
        spoken="",
        places=targets.places,
        audio_sha256="",
        duration_ms=MOST_MS,
        repeat=1,
        play_at_ms=now_ms,
        valid_until_ms=now_ms + UNUSED_MS + MOST_MS,
        created_ms=now_ms,
        created_by=by,
    )


def said(wanted: Wanted, language: str) -> str:
    """What is read aloud: an exercise or test says first what it is."""
    if wanted.status is Status.ACTUAL:
        return wanted.text
    return f"{say(f'unreal.{wanted.status}', language)}{'' if language == 'zh' else ' '}{wanted.text}"


def titled(wanted: Wanted, language: str) -> str:
    """What a title is made of: those who cannot hear read first that it is an exercise or a test."""
    if wanted.status is Status.ACTUAL:
        return wanted.text
    return say(f"unreal.{wanted.status}.title", language) + wanted.text


def title(text: str) -> str:
    """The beginning of the text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1] + "…"
