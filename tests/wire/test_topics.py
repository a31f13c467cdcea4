"""Topic names: built as WIRE.md says, and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import topics
from wire.topics import BadName, FromDevice

SLUGS = st.from_regex(topics.SLUG, fullmatch=True)


def test_topics_are_those_of_the_contract() -> None:
    assert topics.device("building-17", "press") == "dd/v1/dev/building-17/press"
    assert topics.device("building-17", "accepted") == "dd/v1/dev/building-17/accepted"
    assert topics.clock_answer("building-17") == "dd/v1/dev/building-17/clock/answer"
    assert topics.every_device("receipt") == "dd/v1/dev/+/receipt"
    assert topics.place("taohua", "grid-3") == "dd/v1/place/taohua/grid-3/announce"
    assert topics.audio("0" * 64) == "dd/v1/audio/" + "0" * 64
    assert topics.live("a-1") == "dd/v1/live/a-1"
    assert topics.HUB_STATUS == "dd/v1/hub/status"


@given(SLUGS.filter(lambda name: name != "hub"), st.sampled_from(topics.FROM_DEVICE))
def test_a_device_topic_is_read_back(name: str, kind: str) -> None:
    assert topics.parse_from_device(topics.device(name, kind)) == FromDevice(name, kind)


@pytest.mark.parametrize("name", ["", "Building", "a/b", "+", "#", "-a", "a" * 49, "a b", "栋", "a\n", "building_17"])
def test_a_name_that_is_no_slug_is_refused(name: str) -> None:
    assert not topics.is_slug(name)
    with pytest.raises(BadName):
        topics.device(name, "press")
    with pytest.raises(BadName):
        topics.place("taohua", name)
    with pytest.raises(BadName):
        topics.place(name, "all")


def test_hub_is_no_device() -> None:
    with pytest.raises(BadName):
        topics.device("hub", "press")
    assert topics.parse_from_device("dd/v1/dev/hub/press") is None


def test_an_unknown_kind_is_no_topic() -> None:
    with pytest.raises(BadName):
        topics.device("building-17", "dance")


@pytest.mark.parametrize(
    "topic",
    [
        "dd/v1/dev/building-17",
        "dd/v1/dev/building-17/dance",
        "dd/v1/dev/building-17/accepted",
        "dd/v1/dev/building-17/clock/answer",
        "dd/v2/dev/building-17/press",
        "dd/v1/dev/Building/press",
        "dd/v1/hub/status",
        "",
    ],
)
def test_what_no_device_publishes_to_is_not_read(topic: str) -> None:
    assert topics.parse_from_device(topic) is None


def test_an_audio_topic_gives_its_hash() -> None:
    assert topics.parse_audio(topics.audio("ab" * 32)) == "ab" * 32
    assert topics.parse_audio("dd/v1/hub/status") is None


@pytest.mark.parametrize("sha256", ["", "AB" * 32, "ab" * 31, "../" * 21 + "x"])
def test_what_is_no_hash_has_no_audio_topic(sha256: str) -> None:
    with pytest.raises(BadName):
        topics.audio(sha256)
