"""Scenarios from YAML: the shipped ones are right, and what is wrong with another one is said where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.scenarios.loading import BadScenario, found, load, shipped

GOOD = """\
title: {zh: 小, en: Small}
about: {zh: 小, en: Small}
devices: 5
rounds:
  - name: {zh: 一, en: One}
    notice: {text: 停水, kind: notice}
    cuts:
      - {what: link, share: 0.5}
"""


def test_every_shipped_scenario_can_be_played() -> None:
    names = {"fleet-10000", "flapping-links", "morning-notice", "power-cut", "press-storm", "storm-alert"}
    assert shipped().keys() == names
    for path in shipped().values():
        assert load(path).rounds


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "allowed"),
    [
        ("kind: notice", "kind: loud", 6, "rounds.0.notice.kind", "'orange'"),
        ("text: 停水", "txt: 停水", 6, "rounds.0.notice.txt", "text, kind, places, repeat, at_s"),
        ("share: 0.5", "share: 1.5", 8, "rounds.0.cuts.0.share", "1"),
        ("what: link", "what: roof", 8, "rounds.0.cuts.0.what", "'power'"),
        ("devices: 5", "devices: many", 3, "devices", "many"),
        ("devices: 5\n", "", 1, "devices", "missing"),
        ("devices: 5", "devices: 0", 3, "devices", "1"),
        ("about:", "abuot:", 2, "abuot", "title, about, seed, devices"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_its_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: int, key: str, allowed: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(BadScenario) as bad:
        load(path)
    said = [one for one in str(bad.value).splitlines() if f" {key}" in one]
    assert f"{path}:{line} {key}：" in said[0]  # in Chinese first
    assert f"{path}:{line} {key}: " in said[1]
    assert allowed in said[1]


@pytest.mark.parametrize("text", ["", "[]", "a: [", "!!python/object/apply:os.system [ls]", "\t- x", "1", "&a [*a]"])
def test_what_is_no_scenario_at_all_is_a_sentence_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadScenario, match=r"mine\.yaml"):
        load(path)


def test_bytes_that_are_no_text_are_a_sentence_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadScenario, match="UTF-8"):
        load(path)


def test_an_unknown_name_names_the_known_ones() -> None:
    with pytest.raises(BadScenario, match="fleet-10000"):
        found("fleet-1000000")
