"""When a building proves itself in the night, and when it keeps quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from device_agent.core import effects, nightly
from device_agent.core.hearing import Evidence
from device_agent.core.moment import Moment
from device_agent.core.nightly import AGAIN_MS, BUSY_MS, MOST_TRIES, SPREAD_S, WINDOW_MS, NightlyState
from device_agent.core.sounds import Finished, Interrupted, Started
from tests.device_agent.core.test_agent import config
from wire.messages import Config, Finding

DEVICE, ZONE = "building-17", ZoneInfo("Asia/Shanghai")
HEARD = Evidence(True, 0.9, 12.0, -45.0, Finding.FINE)
SILENT = Evidence(False, 0.01, 0.0, -60.0, Finding.SILENT)
AT_THREE = config(self_test_minute=180)


def at(text: str, zone: ZoneInfo = ZONE) -> Moment:
    unix_ms = round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)
    return Moment(mono_ms=unix_ms - 1_000_000, unix_ms=unix_ms)


def later(now: Moment, by_ms: int) -> Moment:
    return replace(now, mono_ms=now.mono_ms + by_ms, unix_ms=now.unix_ms + by_ms)


def planned(device: str = DEVICE, after: str = "2026-11-22 12:00", told: Config = AT_THREE) -> Moment:
    """When the next test is planned, as the timer would find it."""
    now = at(after, ZoneInfo(told.timezone))
    due_ms = nightly.due(NightlyState(), device, told, now)
    assert due_ms is not None
    return later(now, due_ms - now.mono_ms)


def begun(state: NightlyState | None = None, now: Moment | None = None) -> tuple[NightlyState, str]:
    state, todo = nightly.tick(state or NightlyState(), DEVICE, AT_THREE, now or planned(), is_free=True)
    (sweep,) = (each for each in todo if isinstance(each, effects.PlaySweep))
    assert sweep.is_quiet
    return state, sweep.sound_id


def test_it_is_between_three_and_four_local_time_and_not_a_moment_before() -> None:
    when = planned()
    local = datetime.fromtimestamp(when.unix_ms / 1000, UTC).astimezone(ZONE)
    assert (local.day, local.hour) == (23, 3)
    assert nightly.tick(NightlyState(), DEVICE, AT_THREE, later(when, -1), is_free=True) == (NightlyState(), [])
    begun(now=when)


def test_buildings_have_places_of_their_own_in_the_hour_and_the_same_ones_every_night() -> None:
    places = sorted(planned(f"building-{n}").unix_ms for n in range(1, 70))
    assert places[-1] - places[0] > SPREAD_S * 800
    assert sum(b - a < 1_600 for a, b in pairwise(places)) <= 5
    assert planned().unix_ms + 86_400_000 == planned(after="2026-11-23 12:00").unix_ms


@pytest.mark.parametrize("day", ["2026-03-28 12:00", "2026-10-24 12:00"])
def test_it_comes_once_in_a_night_whose_clocks_are_changed(day: str) -> None:
    berlin = config(self_test_minute=150, timezone="Europe/Berlin")
    when = planned(after=day, told=berlin)
    state, _ = nightly.tick(NightlyState(), DEVICE, berlin, when, is_free=True)
    state, _ = nightly.judged(state, state.sounding or "", HEARD)
    again_ms = nightly.due(state, DEVICE, berlin, later(when, 1))
    assert again_ms is not None
    assert again_ms - when.mono_ms >= 22 * 3_600_000


def test_where_the_time_zone_is_not_known_there_is_no_night() -> None:
    assert nightly.due(NightlyState(), DEVICE, config(self_test_minute=180, timezone="Nowhere/Land"), planned()) is None


def test_it_is_on_disk_before_it_sounds() -> None:
    _, todo = nightly.tick(NightlyState(), DEVICE, AT_THREE, planned(), is_free=True)
    assert [type(each) for each in todo] == [effects.StoreNight, effects.PlaySweep]


def test_what_was_heard_is_enough_for_the_night_also_after_a_reboot() -> None:
    state, sound_id = begun()
    state, todo = nightly.sounded(state, Started(sound_id, 5.0, 0.0))
    assert todo == [effects.Listen(sound_id, 5.0, 0.0)]
    assert nightly.sounded(state, Finished(sound_id, 6.5, 1.5)) == (state, [])
    state, (stored,) = nightly.judged(state, sound_id, HEARD)
    assert stored == effects.StoreNight(planned().unix_ms, MOST_TRIES)
    for known in (state, NightlyState(state.night)):
        assert nightly.tick(known, DEVICE, AT_THREE, later(planned(), 60_000), is_free=True)[1] == []


def test_a_fault_is_looked_at_three_times_and_then_left_to_the_morning() -> None:
    state, now = NightlyState(), planned()
    for _ in range(MOST_TRIES):
        state, sound_id = begun(state, now)
        state, todo = nightly.judged(state, sound_id, SILENT)
        assert todo == []
        assert nightly.tick(state, DEVICE, AT_THREE, later(now, AGAIN_MS - 1), is_free=True)[1] == []
        now = later(now, AGAIN_MS)
    assert nightly.tick(state, DEVICE, AT_THREE, now, is_free=True)[1] == []
    assert nightly.due(state, DEVICE, AT_THREE, now) == planned().mono_ms + 86_400_000


def test_a_building_that_reboots_in_each_sweep_does_not_sweep_all_night() -> None:
    state, now = NightlyState(), planned()
    for _ in range(MOST_TRIES):
        state, _ = begun(NightlyState(state.night), now)
    assert nightly.tick(NightlyState(state.night), DEVICE, AT_THREE, now, is_free=True)[1] == []


def test_while_the_loudspeaker_is_needed_it_waits_and_looks_again() -> None:
    state, todo = nightly.tick(NightlyState(), DEVICE, AT_THREE, planned(), is_free=False)
    assert todo == []
    assert nightly.due(state, DEVICE, AT_THREE, planned()) == planned().mono_ms + BUSY_MS
    begun(state, later(planned(), BUSY_MS))


def test_what_was_not_possible_in_its_window_waits_for_the_next_night() -> None:
    late = later(planned(), WINDOW_MS)
    assert nightly.tick(NightlyState(), DEVICE, AT_THREE, late, is_free=True)[1] == []
    begun(now=later(planned(), WINDOW_MS - 1))
    state, _ = nightly.tick(NightlyState(), DEVICE, AT_THREE, later(planned(), WINDOW_MS - 1), is_free=False)
    assert nightly.due(state, DEVICE, AT_THREE, planned()) == planned().mono_ms + 86_400_000


def test_a_sweep_that_was_cut_short_is_tried_again() -> None:
    state, sound_id = begun()
    state, todo = nightly.sounded(state, Interrupted(sound_id, "fire", 0.2, resumes=False))
    assert todo == []
    assert nightly.judged(state, sound_id, HEARD) == (state, [])
    begun(state, later(planned(), AGAIN_MS))


def test_of_other_sounds_it_takes_no_notice() -> None:
    state, _ = begun()
    assert nightly.judged(state, "n-1", HEARD) == (state, [])
    assert nightly.sounded(state, Interrupted("n-1", "fire", 0.2, resumes=False)) == (state, [])


@pytest.mark.parametrize("told", [None, config(), config(self_test_minute=None)])
def test_without_a_time_for_it_there_is_none(told: Config | None) -> None:
    assert nightly.tick(NightlyState(), DEVICE, told, planned(), is_free=True)[1] == []
    assert nightly.due(NightlyState(), DEVICE, told, planned()) is None


def test_a_device_that_does_not_know_the_time_does_not_guess_it() -> None:
    guessing = replace(planned(), is_learned=False)
    assert nightly.tick(NightlyState(), DEVICE, AT_THREE, guessing, is_free=True)[1] == []
    assert nightly.due(NightlyState(), DEVICE, AT_THREE, guessing) is None
