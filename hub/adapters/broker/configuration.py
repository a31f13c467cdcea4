"""The texts of Mosquitto's configuration and access list."""

import re
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.broker.files import BrokerFiles
from hub.setting_values import Endpoint


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where a TLS listener listens, and its PEM files."""

    listen: Endpoint
    certificate: Path
    key: Path


def configuration_text(files: BrokerFiles, listen: Endpoint, system_user: str, tls: Certificates | None) -> str:
    """mosquitto.conf for a plain listener and, when `tls` is given, a second one over TLS.

    `system_user` is who the broker runs as when started by root; it must be able to read `files`.
    Checked with Mosquitto 2.0.11 and 2.0.21.
    """
    return f"""\
# Written by the hub at every start; changes made here are lost.
user {system_user}
per_listener_settings false
allow_anonymous false
password_file {files.passwords}
acl_file {files.access}

# Nothing accepted may be dropped while the hub is away; the default of 1,000 silently drops presses.
# A side effect in Mosquitto 2.0.11: a client that publishes what it may not is disconnected.
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages {MAX_INFLIGHT}
max_packet_size {MAX_PACKET_BYTES}
max_keepalive {MAX_KEEPALIVE_S}
persistent_client_expiration 7d
set_tcp_nodelay true

persistence true
persistence_location {files.store}/
autosave_on_changes false
autosave_interval {AUTOSAVE_S}

log_dest file {files.log}
# No warnings: each pattern without %u would be one, at every start.
log_type error
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages false

listener {listen.port} {listen.host}
{_tls_listener(tls) if tls else ""}"""


def listener(configuration: str) -> Endpoint:
    """Where a broker with this mosquitto.conf of ours listens plainly, as this machine reaches it."""
    found = re.search(r"^listener (\d+) (\S+)$", configuration, re.MULTILINE)
    assert found, "not a configuration of ours"
    return Endpoint(reached_at(found[2]), int(found[1]))


def reached_at(host: str) -> str:
    """The address at which this machine reaches what listens at `host`, which may stand for all addresses."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # not bound to


def _tls_listener(tls: Certificates) -> str:
    return f"""
listener {tls.listen.port} {tls.listen.host}
certfile {tls.certificate}
keyfile {tls.key}
tls_version tlsv1.2
"""


# The hub asks for a Receive Maximum of 500 or more; the default of 20 would be the limit.
MAX_INFLIGHT = 2000
# 20 minutes of speech in Opus at 24 kbit/s are 3.6 MB; more than this is no message of ours.
MAX_PACKET_BYTES = 4 * 1024 * 1024
# A client of MQTT 5 that wants to be asked less often is told this instead.
MAX_KEEPALIVE_S = 120
# Every save writes the whole store. Saving at each change took 58 s for 5,000 presses queued beside 5 MB of
# audio (1 s with a save every few seconds), and made each press 16 ms slower.
AUTOSAVE_S = 5


def access_text(hub_user: str) -> str:
    """The access list: the hub does everything below dd/v1, a device writes only below its own name.

    What stands before the first `user` line would hold for nobody, since anonymous clients are refused.
    """
    return f"""\
user {hub_user}
topic readwrite dd/v1/#

pattern readwrite dd/v1/dev/%u/#
pattern read dd/v1/place/#
pattern read dd/v1/audio/#
pattern read dd/v1/live/#
pattern read dd/v1/hub/status
"""
