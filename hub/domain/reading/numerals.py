"""Numbers as Chinese words."""

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿")
_LONGEST = 12  # digits; beyond that no one says a number, one says its digits


def digits(text: str) -> str:
    """Each digit by itself, as in a year or a room: 302 -> 三零二. Everything else is left out."""
    return "".join(_DIGITS[int(char)] for char in text if char in "0123456789")


def telephone(text: str) -> str:
    """Each digit by itself with 幺 for one, as in a telephone number."""
    return digits(text).replace("一", "幺")


def cardinal(text: str) -> str:
    """A whole number, given as ASCII digits: 1050 -> 一千零五十. A leading two before 千, 万, 亿 is 两.

    Leading zeros or more than 12 digits: digit by digit.
    """
    if len(text) > _LONGEST or (len(text) > 1 and text[0] == "0"):
        return digits(text)
    if int(text) == 0:
        return _DIGITS[0]
    padded = text.zfill(-(-len(text) // 4) * 4)
    groups = [padded[start : start + 4] for start in range(0, len(padded), 4)]
    words = ""
    for index, group in enumerate(groups):
        if int(group) == 0:
            continue
        if words and (group[0] == "0" or int(groups[index - 1]) == 0):
            words += _DIGITS[0]
        words += _group(group) + _GROUPS[len(groups) - 1 - index]
    if words.startswith("一十"):
        return words[1:]
    return "两" + words[1:] if words[:2] in {"二千", "二万", "二亿"} else words


def number(text: str) -> str:
    """A whole or decimal number: 36.50 -> 三十六点五零."""
    whole, point, decimals = text.partition(".")
    return cardinal(whole) + ("点" + digits(decimals) if point else "")


def _group(group: str) -> str:
    """Four digits, at least one of them not zero."""
    words = ""
    for index, char in enumerate(group.lstrip("0")):
        place = len(group.lstrip("0")) - 1 - index
        if char != "0":
            words += _DIGITS[int(char)] + _PLACES[place]
        elif not words.endswith("零"):
            words += "零"
    return words.rstrip("零")
