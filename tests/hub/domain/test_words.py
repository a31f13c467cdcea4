"""Every sentence that a rule can need exists, in both languages, and takes what it is given."""

import string
from itertools import product

import pytest

from hub.domain.alerts import Kind, Purpose, Stage
from hub.domain.words import LANGUAGES, WORDS, say

NAMED = (Stage.ACCEPTED, Stage.CHANGED, Stage.ARRIVED)


@pytest.mark.parametrize(("purpose", "language"), list(product(Purpose, LANGUAGES)))
def test_every_purpose_has_its_sentence_for_any_place_and_name(purpose: Purpose, language: str) -> None:
    text = say(purpose.value, language, place="{0}栋%s", name="{name}", at="14:05")
    assert text
    assert purpose is not Purpose.ASK or "{0}栋%s" in text


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CALL])
def test_every_kind_of_alert_but_a_plain_call_is_asked_for_with_words_of_its_own(kind: Kind) -> None:
    assert say(f"ask.{kind}", "zh", place="1栋", name="") != say("ask", "zh", place="1栋", name="")


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_can_be_told_and_on_a_shared_loudspeaker_without_a_name(stage: Stage) -> None:
    assert say(f"told.{stage}", "zh", name="王芳", minutes=4)
    shared = WORDS[f"told.{stage}.shared" if stage in NAMED else f"told.{stage}"]
    assert not any("{" in sentence for sentence in shared)


@pytest.mark.parametrize("key", list(WORDS))
def test_both_languages_fill_in_the_same(key: str) -> None:
    chinese, english = ({name for _, name, _, _ in string.Formatter().parse(text) if name} for text in WORDS[key])
    assert chinese == english
