"""Audio on disk: by its hash, bounded."""

import hashlib
import os
from pathlib import Path

from device_agent.audio_files import AudioFiles


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_found_by_its_hash(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path)
    assert files.path(sha(b"a")) is None
    assert files.put(sha(b"a"), b"a")
    path = AudioFiles(tmp_path).path(sha(b"a"))
    assert path is not None
    assert path.read_bytes() == b"a"


def test_content_that_does_not_fit_its_name_is_not_kept(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path)
    assert not files.put(sha(b"a"), b"b")
    assert list(tmp_path.iterdir()) == []


def test_what_is_still_needed_makes_no_room_however_old_it_is(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path, most_bytes=250)
    contents = [bytes([n]) * 100 for n in range(4)]
    needed = {sha(contents[0]), sha(contents[2])}
    for age, content in zip((40, 30, 20, 10), contents, strict=True):
        assert files.put(sha(content), content, needed)
        path = files.path(sha(content))
        assert path is not None
        os.utime(path, ns=(0, 10**18 - age * 10**9))
    assert [files.path(sha(content)) is not None for content in contents] == [True, False, True, True]


def test_the_files_used_longest_ago_make_room(tmp_path: Path) -> None:
    files = AudioFiles(tmp_path, most_bytes=250)
    contents = [bytes([n]) * 100 for n in range(3)]
    for age, content in zip((30, 20), contents, strict=False):
        files.put(sha(content), content)
        path = files.path(sha(content))
        assert path is not None
        os.utime(path, ns=(0, 10**18 - age * 10**9))
    assert files.path(sha(contents[0])) is not None  # asked for: used now
    files.put(sha(contents[2]), contents[2])
    assert [files.path(sha(content)) is not None for content in contents] == [True, False, True]
