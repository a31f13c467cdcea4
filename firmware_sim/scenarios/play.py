"""Plays a scenario: rounds one after the other, watched until what they wait for has happened, then compared."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from firmware_sim.light import orders
from firmware_sim.scenarios import results
from firmware_sim.scenarios.crowds import Crowds, total
from firmware_sim.scenarios.model import Cut, Notice, Presses, Round, Scenario, Words
from firmware_sim.scenarios.results import Figure, Results, RoundResult, Sample
from firmware_sim.scenarios.watch import Progress, Watch, finished, verified
from firmware_sim.scenarios.world import World
from wire.messages import ReceiptState

LOOK_EVERY_S = 0.5
LOOK_SOON_S, NEARLY = 0.05, 0.95
"""Once so many have verified, and more do: the figure would else be half a second too long. A look costs time."""
CONNECT_S = 300.0
SETTLED_S = 30.0
"""After the round: so long a receipt may be on its way until it counts as not arrived."""
CONNECTING = Words(zh="上线", en="Coming online")
PARTS = ("sent", "waiting", "held", *(state.value for state in ReceiptState))
"""Every state in which the hub counts a device's part."""
WRONG = ("refused", "refused_by_the_broker", "not_understood")


class NotConnected(RuntimeError):
    """Devices that do not come online; the text says how many, in both languages."""


async def play(scenario: Scenario, world: World, crowds: Crowds, progress: Progress) -> Results:
    """All rounds. Raises NotConnected, NoWorld, CrowdEnded."""
    found = Results(scenario)
    found.rounds.append(await _connect(scenario, world, crowds, progress))
    for index, round_ in enumerate(scenario.rounds):
        watch = Watch(round_.name, world, crowds, progress)
        found.rounds.append(await _Played(round_, f"round-{index}", scenario, world, crowds, watch).play())
    found.load.append(os.getloadavg()[0])
    return found


async def _connect(scenario: Scenario, world: World, crowds: Crowds, progress: Progress) -> RoundResult:
    """Switches everything on, and waits until every device has its settings."""
    watch = Watch(CONNECTING, world, crowds, progress)
    await crowds.order(orders.SwitchOn(over_s=scenario.devices / scenario.connect_per_s))
    while (await watch.look({})).up < scenario.devices or watch.now["configured"] < scenario.devices:
        if watch.passed_s > CONNECT_S:
            missing = scenario.devices - min(watch.now["up"], watch.now["configured"])
            raise NotConnected(
                f"{missing} 台设备在 {CONNECT_S:.0f} 秒内没有上线。\n"
                f"{missing} devices were not online within {CONNECT_S:.0f} s."
            )
        await asyncio.sleep(LOOK_EVERY_S)
    took_s = watch.passed_s
    await asyncio.sleep(scenario.settle_s)
    await watch.look({})
    states = await crowds.state()
    kib = sum(one.memory_kib - one.memory_before_kib for one in states) / scenario.devices
    watch.result.figures += [
        Figure("全部上线", "all online after", f"{took_s:.1f} s"),
        Figure("模拟每台设备的内存", "the simulator's memory for each device", f"{kib:.1f} KiB"),
        *watch.cost_figures(),
    ]
    return watch.result


class _Played:
    """One round: what happens in it, and what came of it."""

    def __init__(
        self, round_: Round, stream: str, scenario: Scenario, world: World, crowds: Crowds, watch: Watch
    ) -> None:
        self._round = round_
        self._stream = stream
        self._devices = scenario.devices
        self._world = world
        self._crowds = crowds
        self._watch = watch
        self._announcement: str | None = None
        self._meant = 0
        self._asked_s = 0.0
        self._verified_s: float | None = None
        self._back_s: float | None = None

    async def play(self) -> RoundResult:
        """Everything that happens in it at its time, and the figures."""
        before = total(await self._crowds.state())
        seen = 0
        async with asyncio.TaskGroup() as group:
            doing = [group.create_task(one) for one in self._events()]
            while self._watch.passed_s < self._round.watch_s:
                sample = await self._look()
                if all(task.done() for task in doing) and self._is_over(sample):
                    break
                was, seen = seen, verified(sample.counts)
                is_near = self._verified_s is None and seen > max(NEARLY * self._meant, was)
                await asyncio.sleep(LOOK_SOON_S if is_near else LOOK_EVERY_S)
        figures = self._watch.result.figures
        if self._round.notice is not None:
            figures += await self._of_notice()
        if self._round.presses:
            made = [one for one in await self._crowds.presses() if one.stream == self._stream]
            notified = self._world.gateway.first_s if self._world.gateway else {}
            of_presses, self._watch.result.accepted_ms = results.of_presses(made, notified, self._round.hold)
            figures += of_presses
            await self._world.close_alerts()
        after = self._watch.now
        figures += self._of_links(after["links_lost"] - before["links_lost"])
        wrong, came = (sum(now[name] for name in WRONG) for now in (before, after))
        figures += [results.none_of("设备拒绝的消息", "messages refused by devices", came - wrong, came)]
        figures += self._watch.cost_figures()
        return self._watch.result

    # --- what happens ----------------------------------------------------------------------------------

    def _events(self) -> Iterator[Coroutine[Any, Any, None]]:
        if self._round.notice is not None:
            yield self._announce(self._round.notice)
        for cut in self._round.cuts:
            yield self._cut(cut)
        for stream in self._round.presses:
            yield self._press(stream)

    async def _announce(self, notice: Notice) -> None:
        await asyncio.sleep(notice.at_s)
        self._asked_s = time.monotonic()
        body = {"text": notice.text, "kind": notice.kind, "places": notice.places, "repeat": notice.repeat}
        made = await self._world.post("/announcements", body)
        if made["hold"] == "held":
            self._asked_s = time.monotonic()
            await self._world.confirm(made["id"])
        self._meant = sum(made["counts"].get(state, 0) for state in PARTS)
        self._announcement = made["id"]

    async def _cut(self, cut: Cut) -> None:
        await asyncio.sleep(cut.at_s)
        order = orders.Cut(what=cut.what, place=cut.place, share=cut.share, over_s=cut.over_s, dark_s=cut.dark_s)
        for turn in range(cut.times):
            if turn:
                await asyncio.sleep(cut.every_s)
            await self._crowds.order(order)
        await asyncio.sleep(cut.over_s + cut.dark_s)

    async def _press(self, stream: Presses) -> None:
        await asyncio.sleep(stream.at_s)
        await self._crowds.order(
            orders.PressButtons(
                name=self._stream,
                per_s=stream.per_s / self._crowds.count,
                for_s=stream.for_s,
                battery_share=stream.battery_share,
                radio_loss=stream.radio_loss,
            )
        )
        await asyncio.sleep(stream.for_s)

    # --- what is seen ----------------------------------------------------------------------------------

    async def _look(self) -> Sample:
        counts: dict[str, int] = {}
        if self._announcement is not None:
            counts = await self._counts(self._announcement)
            seen_s = time.monotonic() - self._asked_s
            if self._verified_s is None and counts and verified(counts) >= self._meant:
                self._verified_s = seen_s
        sample = await self._watch.look(counts)
        if sample.up < self._devices:
            self._back_s = None
        elif self._back_s is None:
            self._back_s = sample.at_s
        return sample

    async def _counts(self, announcement_id: str) -> dict[str, int]:
        """The hub's counts. Ours is nearly always the newest, and each that is asked for costs the hub time."""
        for limit in (1, 20):
            for one in await self._world.get(f"/announcements?limit={limit}"):
                if one["id"] == announcement_id:
                    return dict(one["counts"])
        return {}

    def _is_over(self, sample: Sample) -> bool:
        """Whether nothing more is to come: all online, nothing untold, everybody through with the announcement."""
        now = self._watch.now
        is_quiet = sample.up == self._devices and not now["untold_receipts"] and not now["waiting_presses"]
        return is_quiet and (self._announcement is None or finished(sample.counts) >= self._meant)

    # --- what came of it -------------------------------------------------------------------------------

    async def _of_notice(self) -> list[Figure]:
        hold, meant = self._round.hold, self._meant
        counts = self._watch.result.samples[-1].counts
        wrong, shown = await self._compared()
        played = counts.get("played", 0)
        asked = "全部" if hold.played_all else ""
        return [
            results.at_most(
                "从请求到最后一张“已核验”回执",
                "from the request to the last verified receipt",
                self._verified_s,
                hold.verified_s,
                "s",
            ),
            Figure("播完", "played", f"{played} / {meant}", asked and str(meant), played == meant if asked else None),
            results.none_of("中心显示的状态不对", "states that the hub shows wrongly", wrong, shown),
        ]

    async def _compared(self) -> tuple[int, int]:
        """How many devices' parts the hub shows otherwise than the devices themselves say, and of how many."""
        if self._announcement is None:
            return 0, 0
        shown = {
            one["device"]: one["state"]
            for one in (await self._world.get(f"/announcements/{self._announcement}"))["buildings"]
            if one["device"]
        }
        said = await self._crowds.parts(self._announcement)
        wrong = sum(said.get(device, "sent") != state for device, state in shown.items())
        return wrong + len(said.keys() - shown.keys()), len(shown)

    def _of_links(self, lost: int) -> list[Figure]:
        figures = [Figure("断线", "links lost", str(lost))]
        if self._round.cuts:
            back = results.at_most(
                "全部恢复连接", "all online again, since the begin", self._back_s, self._round.hold.back_s, "s"
            )
            figures.append(back)
        return figures
