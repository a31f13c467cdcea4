"""Who can be reached: what is not known is unknown, and nothing makes it look better than it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.people import ChannelName
from hub.domain.reachability import HOUR_MS, TELLING_MS, Outcome, Reach, Said, Signs, Why, reachability

NOW = 1_764_561_600_000
NTFY, SMS, PAGE = ChannelName.NTFY, ChannelName.SMS, ChannelName.PAGE
CONFIGURED = {NTFY, PAGE}
BOTH = Signs(frozenset({NTFY, PAGE}))
FAILED, TAKEN = Outcome(False, NOW - HOUR_MS), Outcome(True, NOW - HOUR_MS)
HERE, AWAY = Said(True, NOW - HOUR_MS, NOW + HOUR_MS), Said(False, NOW - HOUR_MS, NOW + HOUR_MS)


@pytest.mark.parametrize(
    ("signs", "reach", "why"),
    [
        (BOTH, Reach.UNKNOWN, Why.NOTHING),
        (replace(BOTH, outcomes={NTFY: TAKEN}), Reach.UNKNOWN, Why.NOTHING),  # taken by a gateway is not read
        (replace(BOTH, said=HERE), Reach.REACHABLE, Why.HERE),
        (replace(BOTH, said=replace(HERE, until_ms=NOW)), Reach.UNKNOWN, Why.NOTHING),
        (replace(BOTH, said=AWAY), Reach.UNREACHABLE, Why.AWAY),
        (replace(BOTH, said=AWAY, probes={PAGE: True}), Reach.UNREACHABLE, Why.AWAY),
        (replace(BOTH, said=replace(AWAY, until_ms=NOW)), Reach.UNKNOWN, Why.NOTHING),
        (replace(BOTH, said=AWAY, answered_ms=NOW - 1), Reach.REACHABLE, Why.ANSWERED),
        (replace(BOTH, said=AWAY, answered_ms=NOW - 2 * HOUR_MS), Reach.UNREACHABLE, Why.AWAY),
        (replace(BOTH, answered_ms=NOW - TELLING_MS), Reach.UNKNOWN, Why.NOTHING),
        (replace(BOTH, probes={PAGE: True}), Reach.REACHABLE, Why.PAGE_OPEN),
        (replace(BOTH, outcomes={NTFY: FAILED}), Reach.UNREACHABLE, Why.ALL_FAILED),
        (replace(BOTH, outcomes={NTFY: FAILED}, probes={PAGE: True}), Reach.REACHABLE, Why.PAGE_OPEN),
        (replace(BOTH, outcomes={NTFY: replace(FAILED, at_ms=NOW - TELLING_MS)}), Reach.UNKNOWN, Why.NOTHING),
        (replace(BOTH, outcomes={PAGE: FAILED}), Reach.UNKNOWN, Why.NOTHING),  # a page may be opened at any time
        (replace(BOTH, said=HERE, outcomes={NTFY: FAILED}), Reach.REACHABLE, Why.HERE),
        (replace(BOTH, said=HERE, outcomes={NTFY: Outcome(False, NOW)}), Reach.UNREACHABLE, Why.ALL_FAILED),
        (replace(BOTH, probes={NTFY: True}), Reach.REACHABLE, Why.PROBED),
        (replace(BOTH, probes={NTFY: False}), Reach.UNREACHABLE, Why.PROBE_FAILED),
        (Signs(frozenset({PAGE})), Reach.UNKNOWN, Why.NOTHING),
        (Signs(frozenset({SMS})), Reach.UNREACHABLE, Why.NO_CHANNEL),
        (Signs(frozenset({SMS}), said=HERE, probes={PAGE: True}), Reach.UNREACHABLE, Why.NO_CHANNEL),
        (Signs(frozenset()), Reach.UNREACHABLE, Why.NO_CHANNEL),
        (Signs(frozenset({NTFY, SMS}), outcomes={NTFY: FAILED}), Reach.UNREACHABLE, Why.ALL_FAILED),
    ],
)
def test_what_is_known_of_a_person(signs: Signs, reach: Reach, why: Why) -> None:
    found = reachability(signs, CONFIGURED, NOW)
    assert (found.reach, found.why) == (reach, why)


def test_one_channel_that_works_or_is_not_known_keeps_a_person_from_being_unreachable() -> None:
    two = replace(BOTH, channels=frozenset({NTFY, SMS}), outcomes={NTFY: FAILED})
    assert reachability(two, {NTFY, SMS}, NOW).reach is Reach.UNKNOWN
    assert reachability(replace(two, outcomes={NTFY: FAILED, SMS: TAKEN}), {NTFY, SMS}, NOW).reach is Reach.UNKNOWN
    assert reachability(replace(two, outcomes={}, probes={NTFY: False}), {NTFY, SMS}, NOW).reach is Reach.UNKNOWN


times = st.integers(NOW - 2 * TELLING_MS, NOW)
channels = st.sampled_from([NTFY, SMS, PAGE])
all_signs = st.builds(
    Signs,
    channels=st.frozensets(channels),
    said=st.none() | st.builds(Said, st.booleans(), times, st.integers(NOW - HOUR_MS, NOW + HOUR_MS)),
    answered_ms=st.none() | times,
    outcomes=st.dictionaries(channels, st.builds(Outcome, st.booleans(), times)),
    probes=st.dictionaries(channels, st.booleans()),
)


@given(all_signs, st.frozensets(channels))
def test_nobody_is_called_reachable_or_unreachable_without_a_sign_of_it(
    signs: Signs, configured: frozenset[ChannelName]
) -> None:
    found = reachability(signs, configured, NOW)
    bare = reachability(Signs(signs.channels), configured, NOW)
    if found.reach is Reach.REACHABLE:
        has_said = signs.said is not None and signs.said.is_here and signs.said.until_ms > NOW
        assert has_said or signs.answered_ms is not None or True in signs.probes.values()
        assert signs.channels & configured
    if found.reach is Reach.UNREACHABLE and bare.reach is not Reach.UNREACHABLE:
        has_left = signs.said is not None and not signs.said.is_here and signs.said.until_ms > NOW
        failed = [not one.is_taken for one in signs.outcomes.values()]
        assert has_left or any(failed) or False in signs.probes.values()
