"""Reads a scenario from YAML; what is wrong with one is said with its line, its key, and what is allowed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from firmware_sim.scenarios.model import Scenario

FOLDER = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")
LARGEST_BYTES = 100_000
Loc = tuple[int | str, ...]


class BadScenario(ValueError):
    """A scenario that cannot be used; the text says where and why, in both languages."""


def shipped() -> dict[str, Path]:
    """The scenarios that come with the simulator, by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def found(name: str) -> Path:
    """The file of a shipped scenario, or of a path; raises BadScenario, naming the shipped ones."""
    known = shipped()
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix in SUFFIXES:
        return path
    raise BadScenario(
        f"没有叫“{name}”的场景。自带的有：{'、'.join(known)}；也可以给一个 .yaml 文件的路径。\n"
        f"There is no scenario “{name}”. Shipped ones: {', '.join(known)}; or give the path of a .yaml file."
    )


def load(path: Path) -> Scenario:
    """The scenario in the file; raises BadScenario."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise BadScenario(f"{path}：文件太大，不会是场景。\n{path}: too large to be a scenario.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadScenario(f"{path}：读不了（{error.strerror}）。\n{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadScenario(f"{path}：不是 UTF-8 文本。\n{path} is not UTF-8 text.") from None
    try:
        data, tree = yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadScenario(_not_yaml(path, error)) from None
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        lines = [_said(path, tree, one) for one in error.errors(include_url=False)]
        raise BadScenario("\n".join(lines)) from None


def _not_yaml(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
    what = getattr(error, "problem", None) or str(error)
    return f"{where}：不是正确的 YAML（{what}）。\n{where}: this is not YAML: {what}."


def _said(path: Path, tree: yaml.Node | None, error: Mapping[str, Any]) -> str:
    loc: Loc = error["loc"]
    where = f"{path}:{_line(tree, loc)}"
    key = ".".join(str(part) for part in loc) or "."
    zh, en = _what(error, loc)
    return f"{where} {key}：{zh}\n{where} {key}: {en}"


def _what(error: Mapping[str, Any], loc: Loc) -> tuple[str, str]:
    """What is wrong and what is allowed, in Chinese and English."""
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            allowed = ", ".join(_fields(Scenario, loc[:-1]))
            return f"没有这一项。这里可以写：{allowed}。", f"there is no such key; allowed here: {allowed}."
        case "missing":
            return "缺这一项。", "this is missing."
        case "literal_error":
            allowed = context["expected"].replace(" or ", ", ")
            return f"只能是 {allowed.replace(', ', '、')}。", f"must be one of {allowed}."
        case "greater_than_equal" | "greater_than":
            least = context.get("ge", context.get("gt"))
            return f"要{'不小于' if 'ge' in context else '大于'} {least}。", f"must be {_more(context)} {least}."
        case "less_than_equal":
            return f"不能大于 {context['le']}。", f"must be at most {context['le']}."
        case _:
            return f"不能是 {error['input']!r:.60}。", f"{error['msg']} (it is {error['input']!r:.60})."


def _more(context: Mapping[str, Any]) -> str:
    return "at least" if "ge" in context else "more than"


def _fields(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that are allowed at this place of the model."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = _model(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as `list[Cut]` or `Notice | None`."""
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, BaseModel):
        return annotation
    inner = annotation.__args__ if isinstance(annotation, UnionType) else get_args(annotation)
    return next((each for each in map(_model, inner) if each is not None), None)


def _line(tree: yaml.Node | None, loc: Loc) -> int:
    """The line of the key or item that is nearest to this place."""
    node, line = tree, 1 if tree is None else tree.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
