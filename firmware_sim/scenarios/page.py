"""The results as one page that needs nothing else: figures, what holds and what does not, and plots."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from firmware_sim.scenarios.plots import Line, over_time, spread
from firmware_sim.scenarios.results import Figure, Results, RoundResult
from firmware_sim.scenarios.watch import finished, verified

STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC","Noto Sans SC",sans-serif;max-width:70rem;margin:0 auto;padding:1rem;
color:#1b1b1b;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}
.en{color:#555;font-size:.875rem}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.35rem .5rem;text-align:left;vertical-align:top}
.good{color:#0b6e4f;font-weight:600}.bad{color:#a3161a;font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem;margin-top:1rem}
svg{width:100%;height:auto;background:#fafafa}svg text{font:12px system-ui,sans-serif}svg text:not([fill]){fill:#333}
svg text[fill]{font-weight:600}.title{font-weight:600}
"""


def page(results: Results) -> str:
    """The whole document, in Chinese with English beside it."""
    title = escape(results.scenario.title.zh)
    loads = " → ".join(f"{one:.2f}" for one in results.load)
    verdict = (
        '<p class="good">✓ 该成立的全部成立 · Every figure that must hold does.</p>'
        if results.holds
        else '<p class="bad">✗ 有不成立的，见下面的红字 · Something does not hold; it is in red below.</p>'
    )
    rounds = "".join(_round(one) for one in results.rounds)
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body>'
        f"<h1>{title} · {escape(results.scenario.title.en)}</h1>"
        f'<p>{escape(results.scenario.about.zh)}<br><span class="en">{escape(results.scenario.about.en)}</span></p>'
        f"<p>{results.scenario.devices} 台设备 devices · 种子 seed {results.scenario.seed} · "
        f"{results.cores} CPU · 负载 load {loads}</p>{verdict}{NOTE}{rounds}</body></html>\n"
    )


NOTE = (
    '<p class="en">模拟：每台设备一个真实连接；同一份清单每个进程只核验一次，同一个声音每个进程只取一次；'
    "没有喇叭，所以没有“听到”。<br>Simulated: a real connection for each device; a manifest is verified, and a sound "
    "fetched, once for all devices of a process; there is no loudspeaker, so nothing is heard.</p>"
)


def _round(one: RoundResult) -> str:
    rows = "".join(_row(figure) for figure in one.figures)
    return f"<h2>{escape(str(one.name))}</h2><table>{rows}</table>{_plots(one)}"


def _row(figure: Figure) -> str:
    verdict = {
        True: '<span class="good">✓ 成立 holds</span>',
        False: '<span class="bad">✗ 不成立 does not hold</span>',
        None: "",
    }[figure.is_held]
    return (
        f'<tr><td>{escape(figure.zh)}<br><span class="en">{escape(figure.en)}</span></td>'
        f"<td>{escape(figure.value)}</td><td>{escape(figure.hold)}</td><td>{verdict}</td></tr>"
    )


def _plots(one: RoundResult) -> str:
    plots = [over_time("在线设备 devices online", [_line(one, "在线 online", [each.up for each in one.samples])])]
    if any(sample.counts for sample in one.samples):
        came = _line(one, "已核验 verified", [verified(each.counts) for each in one.samples])
        ended = _line(one, "播完 ended", [finished(each.counts) for each in one.samples])
        plots.append(over_time("通知到了哪里 how far the notice came", [came, ended]))
    if any(sample.hub_mb for sample in one.samples):
        hub = _line(one, "中心 hub", [each.hub_cpu for each in one.samples])
        broker = _line(one, "消息服务器 broker", [each.broker_cpu for each in one.samples])
        plots.append(over_time("用了几个 CPU 核 cores in use", [hub, broker]))
        memory = [_line(one, "中心 hub", [each.hub_mb for each in one.samples])]
        memory.append(_line(one, "消息服务器 broker", [each.broker_mb for each in one.samples]))
        plots.append(over_time("内存 MB memory", memory))
    if one.accepted_ms:
        plots.append(spread("按铃到“收到”用了多久 from press to accepted", one.accepted_ms, "ms"))
    return f'<div class="plots">{"".join(plots)}</div>'


def _line(one: RoundResult, name: str, values: Sequence[float]) -> Line:
    return Line(name, [(sample.at_s, value) for sample, value in zip(one.samples, values, strict=True)])
