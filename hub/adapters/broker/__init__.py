"""Our own Mosquitto: its files, its logins, its process."""

from hub.adapters.broker.configuration import Certificates
from hub.adapters.broker.logins import HUB_USER, LoginError, add_login, add_logins, remove_login
from hub.adapters.broker.process import OwnBroker
from hub.adapters.broker.running import BrokerError

__all__ = [
    "HUB_USER",
    "BrokerError",
    "Certificates",
    "LoginError",
    "OwnBroker",
    "add_login",
    "add_logins",
    "remove_login",
]
