"""What is said for a match of a rule: one small function for each reading that is more than a few words."""

import math
import re

from hub.domain.reading.numerals import cardinal, digits, number, telephone
from hub.domain.reading.words import DASH, SAID_AS_WORDS, TAKES_LIANG

Match = re.Match[str]


def to(mark: str) -> str:
    """How the mark between the ends of a range is said: a dash is 到, a word stays."""
    return mark if mark in {"至", "到"} else "到"


def narrow(match: Match) -> str:
    return chr(ord(match[0]) - 0xFEE0)  # the full-width forms stand at this distance from ASCII


def date(match: Match) -> str:
    year, month, day = match.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return f"{digits(year)}年{month_day(month, day)}"


def month_day(month: str, day: str) -> str:
    return f"{cardinal(str(int(month)))}月{cardinal(str(int(day)))}日"


_DATE_FOLLOWS = re.compile(r"\s*(?:[(（]?(?:周|星期)|\d{1,2}[:点时]|[上下]午|晚)")
_HOUSE_FOLLOWS = re.compile(r"[号楼栋幢座室]|单元")


def slash(match: Match) -> str:
    """11/22 is a date where it can be nothing else, 1/3 a fraction, 3/5号楼 two houses; otherwise as written."""
    first, second = int(match[1]), int(match[2])
    rest = match.string[match.end() :]
    is_date = 1 <= first <= 12 and 1 <= second <= 31
    if _HOUSE_FOLLOWS.match(rest):
        return f"{match[1]}、{match[2]}"
    if is_date and (second > 12 or _DATE_FOLLOWS.match(rest)):
        return month_day(match[1], match[2])
    if 0 < first < second <= 10 and math.gcd(first, second) == 1:
        return f"{cardinal(str(second))}分之{cardinal(str(first))}"
    return f"{cardinal(match[1])}杠{cardinal(match[2])}"


def clock(match: Match) -> str:
    hours, minute, second = match.groups()
    words = hour(hours) + "点"
    if int(minute) or second:
        words += _two_places(minute) + "分"
    return words + (_two_places(second) + "秒" if second else "")


def hour(text: str) -> str:
    return "两" if int(text) == 2 else cardinal(str(int(text)))


def _two_places(text: str) -> str:
    return cardinal(text) if int(text) else "零"


def each_dialled(match: Match) -> str:
    return re.sub(r"[0-9][0-9-]*[0-9]", lambda run: telephone(run[0]), match[0])


def with_extension(match: Match) -> str:
    return telephone(match[1]) + (f"转{telephone(match[2])}" if match[2] else "")


def plate(match: Match) -> str:
    tail = "".join(telephone(char) or char for char in match[2])
    return match[1] + _spelled_letters(tail, after=match[1][-1])


def _spelled_letters(text: str, *, after: str = "") -> str:
    """A space between neighbouring letters, so that they are said one by one."""
    out = after
    for char in text:
        out += " " + char if out and out[-1].isascii() and out[-1].isalpha() and char.isascii() else char
    return out[len(after) :]


def each_room(match: Match) -> str:
    said = re.sub(DASH, "到", match[0])
    return re.sub(r"[0-9]+", lambda run: digits(run[0]), said)


def money(amount: str) -> str:
    amount = amount.replace(",", "")
    return _counted(amount.rstrip("0").rstrip(".") if "." in amount else amount, "元")


def _counted(text: str, rest: str) -> str:
    return "两" if text == "2" and re.match(TAKES_LIANG, rest) else number(text)


def number_range(match: Match) -> str:
    first, mark, second = match.groups()
    rest = match.string[match.end() :]
    word = to(mark)
    if word == "到" and not rest[:1].isalnum() and float(first) > float(second):
        word = "杠"  # 5-3 with nothing after it counts nothing: as written
    return _counted(first, rest) + word + _counted(second, rest)


def temperature(match: Match) -> str:
    """-3~5℃ says 零上 before the 5: 零下三到五 would be heard as five below."""
    minus, first, mark, second_minus, second, unit = match.groups()
    said = ("零下" if minus else "") + _counted(first, unit)
    if second:
        crosses_zero = minus and minus != "零下" and not second_minus
        above_or_below = "零下" if second_minus else "零上" if crosses_zero else ""
        said += to(mark) + above_or_below + _counted(second, unit)
    return said + unit


def percent(match: Match) -> str:
    first, first_sign, mark, second, sign = match.groups()
    of = "百分之" if sign == "%" else "千分之"
    if mark is None:
        return of + ("百" if second == "100" else number(second))
    return of + number(first) + to(mark) + (of if first_sign else "") + number(second)


COMPARISONS = {"≥": "大于等于", "≤": "小于等于", ">": "大于", "<": "小于", "＞": "大于", "＜": "小于", "±": "正负"}
ROMAN_LEVELS = {"I": "一", "II": "二", "III": "三", "IV": "四", "V": "五"}


def abbreviation(match: Match) -> str:
    return SAID_AS_WORDS.get(match[0]) or _spelled_letters(match[0])
