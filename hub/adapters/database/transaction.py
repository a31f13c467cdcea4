"""One transaction on one community: a store for each noun, all on the same connection."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.adapters.database.access import StoredAccess
from hub.adapters.database.alerts import StoredAlerts
from hub.adapters.database.announcements import StoredAnnouncements
from hub.adapters.database.audit import StoredAudit
from hub.adapters.database.callouts import StoredCallouts
from hub.adapters.database.devices import StoredDevices
from hub.adapters.database.directory import Directories, Known
from hub.adapters.database.ladders import StoredLadders
from hub.adapters.database.notifications import StoredNotifications
from hub.adapters.database.people import StoredPeople
from hub.adapters.database.places import StoredPlaces
from hub.adapters.database.presses import StoredPresses
from hub.adapters.database.reach import StoredReach
from hub.adapters.database.residents import StoredResidents
from hub.adapters.database.rota import StoredRota
from hub.adapters.database.tellings import StoredTellings


class StoredTx:
    """Fills ports.Tx."""

    def __init__(self, connection: Connection, community_id: int, directories: Directories) -> None:
        known = Known(connection, community_id, directories)
        self.places = StoredPlaces(connection, community_id, known)
        self.people = StoredPeople(connection, community_id, known)
        self.rota = StoredRota(connection, community_id, known)
        self.ladders = StoredLadders(connection, community_id, known)
        self.reach = StoredReach(connection, community_id, known)
        self.residents = StoredResidents(connection, community_id)
        self.devices = StoredDevices(connection, community_id, known)
        self.presses = StoredPresses(connection, community_id)
        self.alerts = StoredAlerts(connection, community_id)
        self.notifications = StoredNotifications(connection, community_id)
        self.tellings = StoredTellings(connection, community_id)
        self.callouts = StoredCallouts(connection, community_id)
        self.announcements = StoredAnnouncements(connection, community_id)
        self.access = StoredAccess(connection, community_id)
        self.audit = StoredAudit(connection, community_id)
