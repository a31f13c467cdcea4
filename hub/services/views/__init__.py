"""What the API and the pages show: frozen read models, put together in one transaction, names joined at reading."""

from hub.services.views.alerts import (
    AlertDetail,
    AlertSummary,
    alert_view,
    alerts_view,
    is_asked,
)
from hub.services.views.announcements import (
    AnnouncementDetail,
    AnnouncementSummary,
    announced_sound,
    announcement_summary,
    announcement_view,
    announcements_view,
    going_on_view,
    held_view,
)
from hub.services.views.devices import DeviceView, device_view, devices_view
from hub.services.views.heard import HeardView, checked_days, heard_ids, heard_view
from hub.services.views.people import PersonView, people_view
from hub.services.views.places import PlaceView, places_view
from hub.services.views.replay import AlertReplay, replay_view
from hub.services.views.rota import PostView, RotaView, TurnView, rota_view
from hub.services.views.score import ScoreView, score_view

__all__ = [
    "AlertDetail",
    "AlertReplay",
    "AlertSummary",
    "AnnouncementDetail",
    "AnnouncementSummary",
    "DeviceView",
    "HeardView",
    "PersonView",
    "PlaceView",
    "PostView",
    "RotaView",
    "ScoreView",
    "TurnView",
    "alert_view",
    "alerts_view",
    "announced_sound",
    "announcement_summary",
    "announcement_view",
    "announcements_view",
    "checked_days",
    "device_view",
    "devices_view",
    "going_on_view",
    "heard_ids",
    "heard_view",
    "held_view",
    "is_asked",
    "people_view",
    "places_view",
    "replay_view",
    "rota_view",
    "score_view",
]
