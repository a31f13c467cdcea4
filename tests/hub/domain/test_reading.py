"""How notices are read aloud."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.reading import spoken
from hub.domain.reading.numerals import cardinal, digits, number, telephone

_GOLDEN = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "golden" / "reading.tsv").read_text("utf-8").splitlines()
]

# What notices are made of, so that the rules meet each other in every order.
_MARKS = "-—~～－/／:：.．,，、%％℃+#≥×·①⑳Ⅲ¥（） \nTGAVI年月日号楼栋室路元度万亿级个第次转岁周至到湘"
_WORDS = ("单元", "零下", "电话", "拨打", "湘F·", "APP", "km", "kg", "m²", "kWh", "周一", "次日")
_NUMBERS = ("2", "110", "12345", "13800138000", "2026", "8:30", "2026-11-22", "0737")
_PIECES = st.one_of(
    st.sampled_from([*_MARKS, *_WORDS]),
    st.sampled_from(_NUMBERS),
    st.from_regex(r"[0-9０-９]{1,9}", fullmatch=True),
)
_NOTICES = st.lists(_PIECES, max_size=12).map("".join)


@pytest.mark.parametrize(("written", "said"), _GOLDEN)
def test_a_phrase_is_spoken_as_people_say_it(written: str, said: str) -> None:
    assert spoken(written) == said


def test_there_are_enough_golden_phrases() -> None:
    assert len(_GOLDEN) >= 100


@given(st.one_of(_NOTICES, st.text()))
def test_no_digit_is_left_and_reading_again_changes_nothing(text: str) -> None:
    said = spoken(text)
    assert not re.search("[0-9０-９]", said)
    assert spoken(said) == said


@given(st.text(alphabet=st.characters(exclude_categories=["N"]), max_size=40))
def test_a_full_width_comma_stays_one(text: str) -> None:
    assert spoken(text + "，").count("，") == text.count("，") + 1
    assert spoken(text).count(",") == text.count(",")


@pytest.mark.parametrize("length", [13, 400, 5000])
def test_a_number_of_any_length_is_read(length: int) -> None:
    assert len(spoken("9" * length)) == length
    assert len(spoken("9" * length + "元")) == length + 1


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_a_cardinal_means_the_number(value: int) -> None:
    assert _value(cardinal(str(value))) == value


@pytest.mark.parametrize(
    ("written", "said"),
    [("0", "零"), ("10", "十"), ("110", "一百一十"), ("2000", "两千"), ("12000", "一万二千"), ("10010", "一万零一十"),
     ("100000000", "一亿"), ("200000000", "两亿"), ("100000001", "一亿零一"), ("120050000", "一亿二千零五万")],
)  # fmt: skip
def test_a_cardinal_is_worded_as_people_say_it(written: str, said: str) -> None:
    assert cardinal(written) == said


def test_digits_telephones_and_decimals_are_worded() -> None:
    assert digits("302") == "三零二"
    assert telephone("110") == "幺幺零"
    assert number("36.50") == "三十六点五零"


def _value(words: str) -> int:
    """What a Chinese number is worth, worked out from its words."""
    total = section = digit = 0
    for char in words.replace("两", "二"):
        if char in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(char)
        elif char in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            total += (section + digit) * {"万": 10**4, "亿": 10**8}[char]
            section = digit = 0
    return total + section + digit
