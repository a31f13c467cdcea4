"""What a scenario says: a community, rounds of things that happen to it, and the figures that each round must hold.

    title: {zh: 早间通知, en: Morning notice}
    about: {zh: …, en: …}
    seed: 17                     the same seed chooses the same devices
    devices: 500                 a community of so many buildings, each with one device and one button
    rounds:
      - name: {zh: 一条通知, en: One notice}
        notice: {text: …, kind: notice, at_s: 0}
        cuts: [{what: link, place: all, share: 0.1, at_s: 0.2, over_s: 3}]
        presses: [{per_s: 5, for_s: 20, at_s: 0}]
        watch_s: 40              at most so long; a round ends when all that it waits for has happened
        hold: {verified_s: 10, accepted_p99_ms: 500}

Nothing may ever be lost or doubled, so that needs not be asked for: every round fails on a lost press, a doubled
alert, or a device whose part in the notice the hub does not have right.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=600)]
Share = Annotated[float, Field(ge=0, le=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]


class Part(BaseModel):
    """What all parts share: they do not change, and a name that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """The same in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"


class Notice(Part):
    """An announcement to these places, asked for over the hub's API."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: Literal["routine", "notice", "blue", "yellow", "orange", "red"] = "notice"
    places: Annotated[list[Slug], Field(min_length=1, max_length=50)] = ["all"]
    repeat: Annotated[int, Field(ge=1, le=5)] = 1
    at_s: Seconds = 0.0


class Cut(Part):
    """A share of the devices at a place lose their link, or their power for `dark_s`; power is back for all at once.

    `times` lets it happen again, every `every_s`, each time to others: links that flap.
    """

    what: Literal["link", "power"] = "link"
    place: Slug = "all"
    share: Share = 1.0
    at_s: Seconds = 0.0
    over_s: Seconds = 0.0
    dark_s: Seconds = 0.0
    times: Annotated[int, Field(ge=1, le=100)] = 1
    every_s: Seconds = 5.0


class Presses(Part):
    """A stream of presses, each of another button. Of a share of the buttons, which are battery-powered and sleep,
    each try on the radio is lost with probability `radio_loss`: such a press is shown, and is no loss of the hub's.
    """

    per_s: Annotated[float, Field(gt=0, le=2000)]
    for_s: Annotated[float, Field(gt=0, le=600)]
    at_s: Seconds = 0.0
    battery_share: Share = 0.0
    radio_loss: Share = 0.0


class Hold(Part):
    """Figures; one that is left out is only shown.

    Times are measured from what a person does to what is known to be so: from the request of a notice (of an orange or
    red one from its confirmation by a second person) to the hub's having the last receipt, from a press to `accepted`
    at its device, and to the first notification of a person.
    """

    verified_s: Annotated[float, Field(gt=0)] | None = None
    played_all: bool = False
    accepted_p50_ms: Annotated[float, Field(gt=0)] | None = None
    accepted_p99_ms: Annotated[float, Field(gt=0)] | None = None
    notified_p50_ms: Annotated[float, Field(gt=0)] | None = None
    notified_p99_ms: Annotated[float, Field(gt=0)] | None = None
    back_s: Annotated[float, Field(gt=0)] | None = None


class Round(Part):
    """What happens at the same time."""

    name: Words
    notice: Notice | None = None
    cuts: Annotated[list[Cut], Field(max_length=20)] = []
    presses: Annotated[list[Presses], Field(max_length=20)] = []
    watch_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    hold: Hold = Hold()


class Scenario(Part):
    """All of it. `connect_per_s` is how fast the devices are switched on before the first round."""

    title: Words
    about: Words
    seed: Annotated[int, Field(ge=0, le=2**32)] = 17
    devices: Annotated[int, Field(ge=1, le=20_000)]
    processes: Annotated[int, Field(ge=1, le=2)] = 1
    connect_per_s: Annotated[float, Field(gt=0, le=5_000)] = 400.0
    settle_s: Seconds = 5.0
    rounds: Annotated[list[Round], Field(min_length=1, max_length=20)]
