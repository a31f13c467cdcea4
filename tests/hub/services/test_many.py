"""Doing the same for many: all of them, in order, not too many at once, and others get their turn."""

from __future__ import annotations

import asyncio

import pytest

from hub.services.many import A_TURN, IN_FLIGHT, for_each


async def test_results_come_in_the_order_of_the_values() -> None:
    async def do(value: int) -> int:
        for _ in range(value % 3):
            await asyncio.sleep(0)
        return 2 * value

    assert await for_each(range(100), do) == [2 * value for value in range(100)]


async def test_no_more_than_so_many_are_under_way() -> None:
    running, most, gate = 0, 0, asyncio.Event()

    async def do(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == IN_FLIGHT:
            gate.set()
        await gate.wait()
        running -= 1

    await for_each(range(2 * IN_FLIGHT), do)
    assert most == IN_FLIGHT


async def test_others_get_their_turn_before_all_are_begun() -> None:
    begun: list[int] = []

    async def do(value: int) -> None:
        begun.append(value)

    work = asyncio.create_task(for_each(range(10 * A_TURN), do))
    seen = []
    while not work.done():
        await asyncio.sleep(0)
        seen.append(len(begun))
    assert any(0 < count < 10 * A_TURN for count in seen)


async def test_one_that_fails_is_told_and_the_others_are_done() -> None:
    done: list[int] = []

    async def do(value: int) -> None:
        if value == 1:
            raise RuntimeError("this one")
        await asyncio.sleep(0)
        done.append(value)

    with pytest.raises(RuntimeError, match="this one"):
        await for_each(range(4), do)
    await asyncio.sleep(0)
    assert done == [0, 2, 3]
