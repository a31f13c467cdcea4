"""The hub's two connections to the broker: one for presses alone, one for everything else."""

from hub.adapters.mqtt.connection import Address
from hub.adapters.mqtt.link import Handlers, HubLink
from hub.adapters.mqtt.presses import PressIntake

__all__ = ["Address", "Handlers", "HubLink", "PressIntake"]
