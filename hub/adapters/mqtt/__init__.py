"""The hub's three connections to the broker: presses alone, what else devices report, and what it has to say."""

from hub.adapters.mqtt.connection import Address
from hub.adapters.mqtt.link import HubLink
from hub.adapters.mqtt.presses import PressIntake
from hub.adapters.mqtt.reports import Handlers, ReportIntake

__all__ = ["Address", "Handlers", "HubLink", "PressIntake", "ReportIntake"]
