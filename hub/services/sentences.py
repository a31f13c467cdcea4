"""What elders are told, in words: decided in the transaction that made it true, never stored with a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.alerts import Stage
from hub.domain.words import say
from hub.services.calling import Calling
from hub.services.ports import Telling, Tx
from wire.messages import Output

NAMED = (Stage.ACCEPTED, Stage.CHANGED, Stage.ARRIVED)
"""The stages whose sentence names somebody; a shared loudspeaker says them without the name."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A telling with its sentence."""

    telling: Telling
    text: str
    language: str


def spoken(tx: Tx, calling: Calling, tellings: Sequence[Telling]) -> list[Spoken]:
    """Their sentences. Only a loudspeaker at home says who comes, and nobody who was erased is named."""
    if not tellings:
        return []
    language = calling.community.language
    named = [one for one in tellings if one.stage in NAMED]
    buttons = tx.devices.buttons({(one.device, one.button) for one in named}) if named else {}

    def sentence(one: Telling) -> str:
        if one.stage not in NAMED:
            return say(f"told.{one.stage}", language)
        button, name = buttons.get((one.device, one.button)), calling.name_of(one.person_id)
        if button is None or button.output != Output.HOME or not name:
            return say(f"told.{one.stage}.shared", language)
        return say(f"told.{one.stage}", language, name=name, minutes=one.minutes)

    return [Spoken(one, sentence(one), language) for one in tellings]
