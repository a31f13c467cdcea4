"""Who may sign in to the broker: Mosquitto's password file, safe to change from any process at any time."""

import base64
import hashlib
import re
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from hub.adapters.broker.configuration import listener
from hub.adapters.broker.files import BrokerFiles
from hub.adapters.broker.running import BrokerError, end, spawn
from hub.adapters.whole_files import locked, replace_text

HUB_USER = "hub"

# Mosquitto 2.0's own format and count of iterations. The count is low because the broker hashes for every client
# that comes back after a restart; our passwords are random and long, so guessing does not get cheaper.
_ITERATIONS = 101
_SALT_BYTES = 12
_START_TIMEOUT_S = 20.0
_USER = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")


class LoginError(ValueError):
    """A name that cannot be a device's login; `zh` and `en` say what can."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en


def add_login(folder: Path, user: str, password: str) -> None:
    """Let `user` sign in to the broker of `folder` (`DATA/broker`); replaces an older password.

    On disk when this returns, and known to a running broker; a stopped one reads it at its start.
    Raises LoginError; BrokerError when a running broker does not come back with it.
    """
    add_logins(folder, {user: password})


def add_logins(folder: Path, passwords: Mapping[str, str]) -> None:
    """Let many users sign in, in one change of the file; those who can already interrupt nobody.

    Raises LoginError, then nothing is changed; BrokerError.
    """
    for user in passwords:
        _check(user)
    with locked(folder):
        known = _hashes(BrokerFiles(folder))
        new = {user: password for user, password in passwords.items() if not is_password(known.get(user, ""), password)}
        if new:
            _rewrite(BrokerFiles(folder), new, remove=frozenset())
            _restart(BrokerFiles(folder.absolute()))


def remove_login(folder: Path, user: str) -> None:
    """Take a user's login away, and its connection. A user that has none is no error. Raises BrokerError."""
    _check(user)
    with locked(folder):
        if user in _hashes(BrokerFiles(folder)):
            _rewrite(BrokerFiles(folder), {}, remove=frozenset({user}))
            _restart(BrokerFiles(folder.absolute()))


def hub_password(folder: Path) -> str:
    """The hub's own password, made when it is first asked for, with a login to match."""
    files = BrokerFiles(folder)
    with locked(folder):
        if not files.hub_password.exists():
            replace_text(files.hub_password, secrets.token_urlsafe(32))
        password = files.hub_password.read_text(encoding="utf-8")
        if not is_password(_hashes(files).get(HUB_USER, ""), password):
            _rewrite(files, {HUB_USER: password}, remove=frozenset())
    return password


def _restart(files: BrokerFiles) -> None:
    """Have a running broker read the logins: it ends, keeping what waits in it, and is started anew at once.

    Never by SIGHUP, at which Mosquitto drops presses (docs/decisions.md). The caller holds the lock, so that no two
    processes do this at once.
    """
    if not end(files):
        return
    spawn(files)
    address = listener(files.configuration.read_text(encoding="utf-8"))
    until_s = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < until_s:
        try:
            socket.create_connection((address.host, address.port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise BrokerError(f"消息服务器没有重新启动，见 {files.log}", f"The broker did not come back; see {files.log}")


def hashed(password: str) -> str:
    """A password in Mosquitto's format `$7$iterations$salt$hash` (PBKDF2 with SHA-512)."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"$7${_ITERATIONS}${_base64(salt)}${_base64(_derive(password, salt, _ITERATIONS))}"


def is_password(hash_text: str, password: str) -> bool:
    """Whether `password` belongs to `hash_text`; an empty or foreign text belongs to none."""
    try:
        _, kind, iterations, salt, key = hash_text.split("$")
    except ValueError:
        return False
    derived = _derive(password, base64.b64decode(salt), int(iterations))
    return kind == "7" and secrets.compare_digest(derived, base64.b64decode(key))


def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _check(user: str) -> None:
    if user == HUB_USER or not _USER.fullmatch(user):
        raise LoginError(
            f"设备名“{user}”不能用：请用小写字母、数字和短横线，最多 48 个，不能叫 {HUB_USER}。",
            f"“{user}” cannot be a device's name: use up to 48 lower-case letters, digits and hyphens, "
            f"and not {HUB_USER}.",
        )


def _hashes(files: BrokerFiles) -> dict[str, str]:
    try:
        lines = files.passwords.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _rewrite(files: BrokerFiles, passwords: Mapping[str, str], remove: frozenset[str]) -> None:
    """Write the password file anew; the caller holds the lock."""
    hashes = _hashes(files) | {user: hashed(password) for user, password in passwords.items()}
    lines = (f"{user}:{text}\n" for user, text in hashes.items() if user not in remove)
    replace_text(files.passwords, "".join(lines))
