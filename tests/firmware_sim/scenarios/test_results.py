"""What a scenario came to: which figures hold, what counts as lost, and a page that says so."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from firmware_sim.light.orders import PressMade
from firmware_sim.scenarios.loading import load, shipped
from firmware_sim.scenarios.model import Hold, Words
from firmware_sim.scenarios.page import page
from firmware_sim.scenarios.plots import Line, over_time, spread
from firmware_sim.scenarios.results import Figure, Results, RoundResult, Sample, at_most, of_presses
from firmware_sim.scenarios.watch import finished, verified

NAME = Words(zh="一", en="<One>")


def made(number: int, **changed: object) -> PressMade:
    values = {"press_id": f"p{number}", "stream": "s", "device": f"d{number}", "button": f"b{number}", "at_s": 10.0}
    return PressMade.model_validate({**values, "accepted_s": 10.1, "alerts": (f"a{number}",), **changed})


def figures_of(presses: list[PressMade], hold: Hold | None = None, **notified_s: float) -> dict[str, Figure]:
    figures, _ = of_presses(presses, notified_s, hold or Hold())
    return {figure.en: figure for figure in figures}


def test_what_never_reached_its_device_is_no_loss_of_the_hub() -> None:
    before = {"accepted_s": None, "alerts": ()}
    presses = [made(1), made(2, lost_before_device="radio", **before), made(3, lost_before_device="dark", **before)]
    figures = figures_of(presses)
    assert (figures["lost by radio, before the device"].value, figures["presses lost"].value) == ("1", "0 / 1")
    assert figures["made at a device without power"].value == "1"
    assert figures["presses lost"].is_held


def test_a_press_that_reached_its_device_and_was_never_accepted_is_lost() -> None:
    figures = figures_of([made(1), made(2, accepted_s=None, alerts=())])
    assert (figures["presses lost"].value, figures["presses lost"].is_held) == ("1 / 2", False)


def test_a_button_with_two_alerts_is_doubled() -> None:
    figures = figures_of([made(1, alerts=("a", "b")), made(2)])
    assert (figures["presses doubled"].value, figures["presses doubled"].is_held) == ("1 / 2", False)


def test_a_press_of_which_nobody_was_notified_is_said() -> None:
    figures = figures_of([made(1), made(2)], p1=10.05)
    assert figures["presses of which nobody was notified"].value == "1 / 2"
    assert figures["press to first notification, p50"].value == "50 ms"


def test_a_slow_figure_does_not_hold_and_one_that_was_never_reached_holds_nothing() -> None:
    assert figures_of([made(1)], Hold(accepted_p99_ms=99))["press to accepted, p99"].is_held is False
    assert figures_of([made(1)], Hold(accepted_p99_ms=101))["press to accepted, p99"].is_held
    assert at_most("中", "en", None, 10.0, "s").is_held is False
    assert at_most("中", "en", None, None, "s").is_held is None


def test_states_are_counted_as_the_hub_tells_them() -> None:
    states = {"sent": 1, "received": 1, "verified": 2, "playing": 3, "played": 4, "rejected": 1}
    counts = {**states, "heard": 3, "unknown": 1}  # what is known of the sound stands beside the states
    assert verified(counts) == 9
    assert finished(counts) == 5


def results(*figures: Figure) -> Results:
    sample = Sample(1.0, 5, {"played": 5}, 1, 1, 0.5, 100.0, 0.1, 10.0)
    return Results(load(shipped()["morning-notice"]), rounds=[RoundResult(NAME, list(figures), [sample], [12.0])])


def test_one_figure_that_does_not_hold_is_enough() -> None:
    good, bad, shown = (Figure("中", "en", "1", "0", held) for held in (True, False, None))
    assert results(good, shown).holds
    assert not results(good, bad).holds
    assert results(bad).to_json()["holds"] is False


def test_the_page_says_what_does_not_hold_and_needs_nothing_from_elsewhere() -> None:
    html = page(results(Figure("慢", "slow", "11 s", "≤ 10 s", is_held=False)))
    assert "✗ 不成立" in html
    assert "&lt;One&gt;" in html
    assert "<One>" not in html
    assert not any(word in html for word in ("http:", "https:", "<script", "<link", "src="))


def test_plots_are_well_formed_also_of_nothing(tmp_path: Path) -> None:
    for svg in (
        over_time("一 & 二", [Line("a<b", [(0.0, 0.0), (3.0, 10_000.0)])]),
        over_time("nothing", []),
        spread("none", [], "ms"),
        spread("same", [0.0, 0.0], "ms"),
    ):
        assert ET.fromstring(svg).tag == "svg"
