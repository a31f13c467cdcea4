"""The password file: Mosquitto's format, many writers at once, and no reader ever sees half of it."""

import multiprocessing
import threading
from pathlib import Path

import pytest

from hub.adapters.broker import LoginError, add_login, add_logins, remove_login
from hub.adapters.broker.files import BrokerFiles
from hub.adapters.broker.logins import hashed, hub_password, is_password


def users(folder: Path) -> set[str]:
    text = BrokerFiles(folder).passwords.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return {line.split(":")[0] for line in text.splitlines()}


# Made with mosquitto_passwd of Mosquitto 2.0.11 for the password "opensesame".
FROM_MOSQUITTO = (
    "$7$101$CX+Oxwu9fgV/3gwO$aDLedrhliyEmwEHPeeoz6md5St2OhtVfOq/b54qcV/uUlCMioRVjFpGPi5kC0sFkzDBAPyfgZF+nTFctL4mGTg=="
)


def test_a_hash_made_by_mosquitto_itself_is_understood() -> None:
    assert is_password(FROM_MOSQUITTO, "opensesame")
    assert not is_password(FROM_MOSQUITTO, "opensesame ")


def test_a_hash_belongs_to_its_password_only_and_is_salted() -> None:
    first, second = hashed("秘密-1"), hashed("秘密-1")
    assert first != second
    assert is_password(first, "秘密-1")
    assert not is_password(first, "秘密-2")


@pytest.mark.parametrize("text", ["", "plain", "$6$c2FsdA==$aGFzaA=="])
def test_a_text_of_another_kind_belongs_to_no_password(text: str) -> None:
    assert not is_password(text, "")


def test_the_hubs_own_password_stays_the_same(tmp_path: Path) -> None:
    first = hub_password(tmp_path)
    assert hub_password(tmp_path) == first
    assert users(tmp_path) == {"hub"}


def test_the_hubs_login_is_mended_when_the_password_file_is_lost(tmp_path: Path) -> None:
    hub_password(tmp_path)
    BrokerFiles(tmp_path).passwords.unlink()
    hub_password(tmp_path)
    assert users(tmp_path) == {"hub"}


def test_a_thousand_logins_are_added_in_one_call(tmp_path: Path) -> None:
    names = {f"dev-{number}" for number in range(1000)}
    add_logins(tmp_path, dict.fromkeys(names, "x"))
    assert users(tmp_path) == names


def test_adding_keeps_others_and_replaces_the_same(tmp_path: Path) -> None:
    add_login(tmp_path, "dev-1", "old")
    add_login(tmp_path, "dev-2", "other")
    add_login(tmp_path, "dev-1", "new")
    hashes = dict(line.split(":", 1) for line in BrokerFiles(tmp_path).passwords.read_text("utf-8").splitlines())
    assert is_password(hashes["dev-1"], "new")
    assert is_password(hashes["dev-2"], "other")


def test_who_can_sign_in_already_changes_nothing(tmp_path: Path) -> None:
    add_login(tmp_path, "dev-1", "first")
    before = BrokerFiles(tmp_path).passwords.read_bytes()
    add_login(tmp_path, "dev-1", "first")
    remove_login(tmp_path, "dev-2")
    assert BrokerFiles(tmp_path).passwords.read_bytes() == before


def test_removing_takes_one_login_away_and_an_unknown_one_is_no_error(tmp_path: Path) -> None:
    add_logins(tmp_path, {"dev-1": "x", "dev-2": "x"})
    remove_login(tmp_path, "dev-1")
    remove_login(tmp_path, "dev-1")
    assert users(tmp_path) == {"dev-2"}


@pytest.mark.parametrize("name", ["hub", "", "Dev", "a b", "a:b", "a\nb", "a/b", "+", "#", "-a", "a" * 49, "设备"])
def test_a_name_that_could_reach_beyond_its_topic_is_refused_and_nothing_changes(tmp_path: Path, name: str) -> None:
    add_login(tmp_path, "dev-1", "x")
    with pytest.raises(LoginError):
        add_logins(tmp_path, {"dev-2": "x", name: "x"})
    assert users(tmp_path) == {"dev-1"}


def test_the_hubs_login_cannot_be_removed(tmp_path: Path) -> None:
    hub_password(tmp_path)
    with pytest.raises(LoginError):
        remove_login(tmp_path, "hub")
    assert users(tmp_path) == {"hub"}


def _add_ten(folder: Path, writer: int) -> None:
    for number in range(10):
        add_login(folder, f"dev-{writer}-{number}", "x")


def test_several_processes_add_logins_at_once_and_none_is_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_ten, args=(tmp_path, writer)) for writer in range(4)]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert users(tmp_path) == {f"dev-{writer}-{number}" for writer in range(4) for number in range(10)}


def test_a_reader_never_sees_a_torn_file(tmp_path: Path) -> None:
    always_there = {f"always-{number}" for number in range(200)}
    add_logins(tmp_path, dict.fromkeys(always_there, "x"))
    is_done = threading.Event()

    def change() -> None:
        for _ in range(20):
            add_login(tmp_path, "comes-and-goes", "x")
            remove_login(tmp_path, "comes-and-goes")
        is_done.set()

    writer = threading.Thread(target=change)
    writer.start()
    while not is_done.is_set():
        assert always_there <= users(tmp_path)
    writer.join()
