"""Invented names and telephone numbers: common surnames and given names, and numbers that nobody can have."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
    "姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武"
)
OLDER = (  # noqa: SIM905  # as a list it would take thirty lines
    "秀英 桂英 玉兰 淑珍 凤英 桂兰 玉英 秀兰 淑华 玉珍 素珍 惠兰 月娥 金凤 翠英 "
    "建国 德明 国强 志明 永福 文华 长江 宝山 德胜 玉山 福生 振华 光明 庆云 树林"
).split()
YOUNGER = (  # noqa: SIM905  # as above
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 "
    "晓东 海燕 志强 春梅 建华 小红 文静 立新 雪梅 佳慧 俊杰 思远 雨晴 浩然 子涵"
).split()


class Names:
    """Gives out names and numbers, none of them twice; the same ones in the same order for the same seed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()
        self._phones = 0

    def older(self) -> str:
        """A name of the generation that is eighty now."""
        return self._fresh(OLDER)

    def younger(self) -> str:
        """A name of those who help."""
        return self._fresh(YOUNGER)

    def phone(self) -> str:
        """A number that begins with three zeros, as none does."""
        self._phones += 1
        return f"000-0000-{self._phones:04}"

    def _fresh(self, given_names: list[str]) -> str:
        while True:
            name = self._random.choice(SURNAMES) + self._random.choice(given_names)
            if name not in self._given:
                self._given.add(name)
                return name
