"""Who may import whom (docs: "Who may import whom" in ARCHITECTURE), read from the source of every module."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Rule:
    """What the modules below `where` may import; anything that is not listed is refused.

    `ours` are packages of this project by prefix, `others` third-party packages. `others` None allows every one.
    """

    where: str
    ours: frozenset[str]
    others: frozenset[str] | None = None


def rule(where: str, ours: str, others: str | None = None) -> Rule:
    return Rule(where, frozenset(ours.split()), None if others is None else frozenset(others.split()))


# The most particular rule for a module holds: hub/domain before hub.
RULES = (
    rule("wire", "wire", "pydantic cryptography"),
    rule("hub", "hub wire"),
    rule("hub/domain", "hub.domain", ""),
    rule("hub/services", "hub.services hub.domain wire"),
    rule("hub/adapters", "hub.adapters hub.services hub.domain hub.settings hub.setting_values wire"),
    rule("hub/api", "hub.api hub.services hub.domain hub.settings hub.setting_values wire.ids"),
    rule("hub/console", "hub.console hub.services hub.domain hub.settings hub.setting_values wire.ids"),
    rule("device_agent", "device_agent wire"),
    rule("device_agent/core", "device_agent.core wire", "numpy"),
    rule("device_agent/hardware", "device_agent.hardware device_agent.core wire"),
    rule("device_agent/outbox.py", "device_agent.core wire"),
    rule("device_agent/mqtt.py", "device_agent.core wire"),
    rule("firmware_sim", "firmware_sim device_agent wire"),
)
OURS = ("wire", "hub", "device_agent", "firmware_sim", "tests")


def imported(path: Path) -> Iterator[str]:
    """The full names of all that a module imports, wherever in it the import stands."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def is_allowed(name: str, by: Rule) -> bool:
    top = name.partition(".")[0]
    if top in OURS:
        return any(name == ours or name.startswith(f"{ours}.") for ours in by.ours)
    return top in sys.stdlib_module_names or by.others is None or top in by.others


def rule_for(path: Path) -> Rule:
    module = path.relative_to(ROOT).as_posix()
    holding = [r for r in RULES if module == r.where or module.startswith(f"{r.where}/")]
    return max(holding, key=lambda r: len(r.where))


def modules(where: str) -> list[Path]:
    path = ROOT / where
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("where", [rule.where for rule in RULES])
def test_every_part_that_a_rule_is_about_is_there(where: str) -> None:
    assert modules(where), f"{where} is missing or empty"


@pytest.mark.parametrize("package", OURS[:-1])
def test_nothing_imports_what_it_may_not(package: str) -> None:
    refused = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if not is_allowed(name, rule_for(path))
    ]
    assert refused == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("wire/topics.py", "import aiomqtt"),
        ("wire/topics.py", "from hub.domain import places"),
        ("hub/domain/alerts.py", "import pydantic"),
        ("hub/domain/alerts.py", "from hub.services import ports"),
        ("hub/domain/alerts.py", "from ..services import ports"),
        ("hub/domain/alerts.py", "from wire import messages"),
        ("hub/services/ports.py", "from hub.adapters.database import tables"),
        ("hub/services/ports.py", "from hub import adapters"),
        ("hub/services/ports.py", "import hub"),
        ("hub/api/alerts.py", "def f():\n    import hub.adapters.clock"),
        ("hub/console/pages.py", "from hub.adapters import clock"),
        ("hub/console/pages.py", "from hub import app"),
        ("hub/adapters/clock.py", "from hub.api import alerts"),
        ("hub/app.py", "import device_agent"),
        ("device_agent/mqtt.py", "from hub.domain import alerts"),
        ("device_agent/core/mixer.py", "import aiomqtt"),
        ("device_agent/core/mixer.py", "from device_agent.hardware import ports"),
        ("device_agent/core/mixer.py", "from .. import outbox"),
        ("device_agent/hardware/alsa.py", "from device_agent import mqtt"),
        ("firmware_sim/fleet.py", "from hub.domain import places"),
        ("hub/app.py", "from tests.hub import fakes"),
    ],
)
def test_the_rules_would_notice(module: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / module
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    assert not all(is_allowed(name, rule_for(path)) for name in imported(path))


def test_a_hub_takes_presses_without_having_loaded_sound_and_pages() -> None:
    script = "import sys, hub.app; print(*sorted({'numpy', 'av', 'pydub', 'fastapi', 'uvicorn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
