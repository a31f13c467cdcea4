"""The ordered rules of reading aloud: each a name, a pattern and what is said for a match.

Order is meaning: an early rule takes the digits away that a later, more general one would misread. Every pattern
wants a digit or a sign that no rule produces, so that reading twice changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hub.domain.reading import sayings
from hub.domain.reading.numerals import cardinal, digits, number, telephone
from hub.domain.reading.words import (
    COUNTED,
    DASH,
    DIALLED,
    LETTER_UNITS,
    PROVINCES,
    TAKES_LIANG,
    UNITS,
)

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of reading. `say` gets the match and answers with what replaces it."""

    name: str
    pattern: re.Pattern[str]
    say: Callable[[Match], str]


_TO = rf"(?:{DASH}|至|到)"
_NUMBER = r"\d+(?:\.\d+)?"
_GROUPED = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_WORDS = "零一二两三四五六七八九十百千万亿"
_MINUS = r"(?:零下|[-−])"


def _rule(name: str, pattern: str, say: Callable[[Match], str]) -> Rule:
    return Rule(name, re.compile(pattern, re.ASCII | re.MULTILINE), say)


_UNIT_WORDS = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_CLOCK = r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])"
_NOT_COUNTED = rf"(?!\d|[.:%]\d|\s?{COUNTED})"

RULES: tuple[Rule, ...] = (
    # One way of writing
    _rule("full-width digits and letters", r"[０-９Ａ-Ｚａ-ｚ％＃＋]", sayings.narrow),
    _rule("full-width marks between digits", r"(?<=\d)[：．／－](?=\d)", sayings.narrow),
    _rule("circled numbers", r"([①-⑳])[、.]?", lambda m: cardinal(str(ord(m[1]) - 0x245F)) + "、"),
    _rule("roman numbers", r"[Ⅰ-Ⅻ]", lambda m: cardinal(str(ord(m[0]) - 0x215F))),
    _rule("roman levels", r"(?<![A-Za-z])(?<![A-Za-z] )(III|II|IV|I|V)(?=级)", lambda m: sayings.ROMAN_LEVELS[m[1]]),
    _rule("numbered lines", r"^(\s*)(\d{1,2})[.、]\s?(?!\d)", lambda m: f"{m[1]}{cardinal(m[2])}、"),
    _rule("hyphens after letters", r"(?<=[A-Za-z])-(?=\d)", lambda m: ""),
    _rule("3# for 3号", r"(?<=\d)#号?", lambda m: "号"),
    # Dates
    _rule("dates", r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)T?", sayings.date),
    _rule(
        "ends of date ranges",
        rf"(?<=日){DASH}(1[0-2]|0?[1-9])[-/.](3[01]|[12]\d|0?[1-9])(?![\d日:])",
        lambda m: "到" + sayings.month_day(m[1], m[2]),
    ),
    _rule(
        "year ranges",
        rf"(?<!\d)([12]\d{{3}})年?({_TO})([12]\d{{3}})(?=学?年)",
        lambda m: digits(m[1]) + sayings.to(m[2]) + digits(m[3]),
    ),
    _rule("years", r"(?<![\d.])([12]\d{3})(?=\s?(?:学?年|届))", lambda m: digits(m[1])),
    _rule("short years", r"(?<!\d)(\d{2})(?=年\d{1,2}月)", lambda m: digits(m[1])),
    _rule(
        "month ranges",
        rf"(?<!\d)(\d{{1,2}})({_TO})(\d{{1,2}})(?=月)",
        lambda m: cardinal(m[1]) + sayings.to(m[2]) + cardinal(m[3]),
    ),
    _rule("months", r"(?<![\d.])(0?\d|1[0-2])(?=月)", lambda m: cardinal(str(int(m[1])))),
    _rule(
        "day and house ranges",
        rf"(?<![\d.])(\d{{1,2}})([日号]?)({_TO})(\d{{1,2}})(?=[日号])",
        lambda m: cardinal(m[1]) + m[2] + sayings.to(m[3]) + cardinal(m[4]),
    ),
    _rule("days", r"(?<![\d.])([0-3]?\d)(?=日)", lambda m: cardinal(str(int(m[1])))),
    _rule("dates and fractions", r"(?<![\d/.])(\d{1,2})/(\d{1,2})(?![\d/.%])", sayings.slash),
    # Times
    _rule("times after weekdays", r"(?<=[一二三四五六天])(?=\d{1,2}:\d)", lambda m: "，"),  # 周四8:30 is no 48
    _rule("times", _CLOCK, sayings.clock),
    _rule(
        "hour ranges",
        rf"(?<![\d.])(\d{{1,2}})({_TO})(\d{{1,2}})(?=[点时](?!间))",
        lambda m: sayings.hour(m[1]) + sayings.to(m[2]) + sayings.hour(m[3]),
    ),
    _rule("hours", r"(?<![\d.第])(\d{1,2})(?=[点时](?!间))", lambda m: sayings.hour(m[1])),
    # Plates, then numbers to dial: 湘F·12345 holds one
    _rule(
        "plates",
        rf"([{PROVINCES}][A-Z])\s?[·•・.-]?\s?(?=[A-Z]*\d)([A-Z0-9]{{5,6}})(?![A-Z0-9])",
        sayings.plate,
    ),
    _rule(
        "mobile telephones",
        r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)",
        lambda m: telephone(m[1]),
    ),
    _rule(
        "telephones with area code",
        r"(?<!\d)([（(]?0\d{2,3}[)）]?[- ]?\d{7,8})(?:[-转](\d{1,6}))?(?!\d)",
        sayings.with_extension,
    ),
    _rule("service telephones", r"(?<!\d)([48]00-?\d{3}-?\d{4}|[48]00-?\d{4}-?\d{3})()(?!\d)", sayings.with_extension),
    _rule(
        "numbers after 电话",
        rf"{DIALLED}(?:号码|号|是|为|请?拨打?|[:：（(\s“]){{0,6}}"
        rf"\d[\d-]+\d(?:(?:[、，,/\s]|或者?|和|及|转)+\d[\d-]+\d)*{_NOT_COUNTED}",
        sayings.each_dialled,
    ),
    _rule(
        "short telephones",
        rf"(?<![\d第共约达近.:-])(?:11[0479]|12[02]|12[13]\d\d|95\d{{3}}|96\d{{3,4}}|100(?:00|10|86)){_NOT_COUNTED}"
        rf"(?!{_TO}\d)",
        lambda m: telephone(m[0]),
    ),
    _rule(
        "trains and motorways",
        r"(?<![A-Za-z])([GDCZTKSY])(\d{1,4})(?=次|高速|国道|省道)",
        lambda m: m[1] + telephone(m[2]),
    ),
    # Homes
    _rule(
        "homes as 17-2-502",
        r"(?<![\d-])(\d{1,3})-(\d{1,2})-(\d{3,4})(?![\d-])室?",
        lambda m: f"{cardinal(m[1])}栋{cardinal(m[2])}单元{digits(m[3])}室",
    ),
    _rule(
        "homes as 17-502室",
        r"(?<![\d-])(\d{1,2})-(\d{3,4})(?=室)",
        lambda m: f"{cardinal(m[1])}栋{digits(m[2])}",
    ),
    _rule(
        "rooms",
        rf"(?<![\d.])\d{{3,4}}(?:(?:[、，,和及/]|{_TO})\d{{3,4}}){{0,20}}(?=号?室|号?房间|号房|房(?![屋价租产]))",
        sayings.each_room,
    ),
    _rule("rooms after the house", rf"(?<=[栋幢座楼元])(\d{{3,4}})(?=号|{_NOT_COUNTED})", lambda m: digits(m[1])),
    _rule("bus lines and roads", r"(?<![\d.])(\d{3})(?=路|[国省县]道)", lambda m: digits(m[1])),
    # Amounts
    _rule("¥", rf"[¥￥]\s?({_GROUPED}|{_NUMBER})([万亿]?)元?", lambda m: f"{sayings.money(m[1])}{m[2]}元"),
    _rule("$", rf"\$\s?({_GROUPED}|{_NUMBER})([万亿]?)", lambda m: f"{sayings.money(m[1])}{m[2]}美元"),
    _rule("grouped thousands", rf"(?<![\d.,])({_GROUPED})(?![\d,])", lambda m: number(m[1].replace(",", ""))),
    _rule("cents", r"(?<![\d.])(\d+\.\d+)(?=元|块)", lambda m: sayings.money(m[1])),
    _rule("units", rf"(?<=\d)\s?((?i:{_UNIT_WORDS}))(?![A-Za-z])", lambda m: UNITS[m[1].lower()]),
    _rule("letter units", r"(?<=\d)\s?([mgtLWVhs])(?![A-Za-z])", lambda m: LETTER_UNITS[m[1]]),
    _rule(
        "temperatures",
        rf"(?<![\d.])({_MINUS})?({_NUMBER})(?:(?:摄氏度|度)?({_TO})({_MINUS})?({_NUMBER}))?(摄氏度|度)",
        sayings.temperature,
    ),
    _rule(
        "percent",
        rf"(?<![\d.])(?:({_NUMBER})([%‰])?({_TO}))?({_NUMBER})([%‰])",
        sayings.percent,
    ),
    _rule("basements", r"(?<![\d.])[-−](\d{1,2})(?=[楼层])", lambda m: "负" + cardinal(m[1])),
    _rule(
        "negative numbers",
        rf"(?<![\dA-Za-z一-鿿)）.])[-−]({_NUMBER})",
        lambda m: "负" + number(m[1]),
    ),
    _rule("ranges", rf"(?<![\d.])({_NUMBER})({_TO})({_NUMBER})(?![\d:])", sayings.number_range),
    _rule("ratios", r"(?<=\d):(?=\d)", lambda m: "比"),
    _rule("3·15", r"(?<!\d)(\d[·•・]\d{1,2})(?!\d)", lambda m: telephone(m[1])),
    _rule("slashes", r"(?<=\d)/(?=\d)", lambda m: "杠"),
    _rule("multiplication", r"\s?×\s?(?=\d)|(?<=\d)[xX*](?=\d)", lambda m: "乘"),
    _rule("comparisons", r"[≥≤±]\s?|[><＞＜]\s?(?=\d)", lambda m: sayings.COMPARISONS[m[0].strip()]),
    _rule("60+", r"(?<=\d)(岁?)\+(?!\d)", lambda m: m[1] + "以上"),
    # Everything else
    _rule("两", rf"(?<![\d.第])2(?=\s?{TAKES_LIANG})", lambda m: "两"),
    _rule("codes", rf"(?<![\d.])\d{{7,}}(?!\.\d){_NOT_COUNTED}", lambda m: telephone(m[0])),
    _rule("versions", r"(?<![\d.])\d+(?:\.\d+){2,}", lambda m: "点".join(cardinal(part) for part in m[0].split("."))),
    _rule("numbers", _NUMBER, lambda m: number(m[0])),
    _rule(
        "dashes that mean 到",
        rf"(?<=[{_WORDS}日月年号点时分秒元度室楼栋幢座层级岁米]){DASH}"
        rf"(?=[{_WORDS}]|次日|翌日|当[日天]|[凌清]晨|[上下中]午|晚|明|零下|负|周|星期)",
        lambda m: "到",
    ),
    _rule(
        "weekday ranges",
        rf"((?:周|星期)[一二三四五六日天]){DASH}(?=(?:周|星期)?[一二三四五六日天末])",
        lambda m: m[1] + "到",
    ),
    _rule("元/度", r"(?<=元)/(?=[一-鿿])|(?<=[度吨米升克斤人次])/(?=[月户人天年日时分秒])", lambda m: "每"),
    _rule("abbreviations", r"(?<![A-Za-z])[A-Z]{2,6}(?![A-Za-z])", sayings.abbreviation),
)
