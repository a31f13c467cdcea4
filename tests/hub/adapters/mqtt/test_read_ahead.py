"""What is read ahead comes out whole and in order, whatever pieces it is asked for."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hub.adapters.mqtt.read_ahead import PIECE, ReadAhead


@pytest.fixture
def ends() -> Iterator[tuple[ReadAhead, socket.socket]]:
    """The reading end, which never waits, and the end that writes."""
    near, far = socket.socketpair()
    near.setblocking(False)
    with near, far:
        yield ReadAhead(near), far


def test_bytes_come_in_order_and_whole_in_pieces_of_any_size(ends: tuple[ReadAhead, socket.socket]) -> None:
    reader, far = ends
    sent = bytes(range(256)) * (3 * PIECE // 256)
    far.sendall(sent)
    sizes = (1, 2, 7, 300, PIECE, 5 * PIECE)
    got = b""
    while len(got) < len(sent):
        with suppress(BlockingIOError):  # others have their turn
            piece = reader.recv(sizes[len(got) % len(sizes)])
            assert piece
            got += piece
    assert got == sent


@pytest.mark.parametrize("message", [100, 250, PIECE, PIECE + 1])
def test_after_a_piece_others_have_their_turn_whatever_there_is(
    ends: tuple[ReadAhead, socket.socket], message: int
) -> None:
    reader, far = ends
    count = 4 * PIECE // message
    far.sendall(b"x" * message * count)
    left, in_a_row, most = message * count, 0, 0
    while left:
        try:
            got = len(reader.recv(min(message, left)))
        except BlockingIOError:
            assert reader.pending() == 0, "aiomqtt would go on"
            in_a_row = 0
        else:
            left, in_a_row = left - got, in_a_row + got
            most = max(most, in_a_row)
    assert most <= PIECE


def test_what_is_pending_can_be_had_without_the_other_end(ends: tuple[ReadAhead, socket.socket]) -> None:
    reader, far = ends
    far.sendall(b"12345")
    assert (reader.pending(), reader.recv(1), reader.pending()) == (0, b"1", 4)
    far.close()
    assert (reader.recv(10), reader.pending()) == (b"2345", 0)
    assert reader.recv(10) == b""  # the end


def test_nothing_to_read_is_said_as_the_socket_says_it(ends: tuple[ReadAhead, socket.socket]) -> None:
    reader, far = ends
    with pytest.raises(BlockingIOError):
        reader.recv(1)
    far.sendall(b"x")
    assert reader.recv(1) == b"x"
    with pytest.raises(BlockingIOError):
        reader.recv(1)


def test_the_rest_is_the_sockets_own(ends: tuple[ReadAhead, socket.socket]) -> None:
    reader, far = ends
    assert reader.send(b"out") == 3
    assert far.recv(10) == b"out"
    assert reader.fileno() > 0
    reader.close()
    assert far.recv(10) == b""
