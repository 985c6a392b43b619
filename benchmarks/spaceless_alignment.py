"""Word alignment of scripts without spaces, with and without the lone mark of a space before words.

    python benchmarks/spaceless_alignment.py

Ten Japanese and ten Chinese sentences with English translations and links, written for this. F1 of the links.
"""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from xlner import Pair, Sentence, load

JAPANESE = """
私 は 東京 に 住ん で い ます 。|I live in Tokyo .|0-0 2-3 3-2 4-1 8-4
彼女 は 大学 で 歴史 を 勉強 し た 。|She studied history at the university .|0-0 2-5 3-3 4-2 6-1 9-6
京都 は 日本 の 古い 都 です 。|Kyoto is the old capital of Japan .|0-0 6-1 4-3 5-4 2-6 3-5 7-7
田中 さん は 昨日 大阪 へ 行き まし た 。|Mr Tanaka went to Osaka yesterday .|0-1 1-0 3-5 4-4 5-3 6-2 9-6
この 本 は とても 面白い 。|This book is very interesting .|0-0 1-1 3-3 4-4 5-5
政府 は 新しい 法律 を 発表 し た 。|The government announced a new law .|0-1 2-4 3-5 5-2 8-6
二 人 の 学生 が 図書館 で 本 を 読む 。|Two students read books in the library .|0-0 3-1 5-6 6-4 7-3 9-2 10-7
首相 は 来週 フランス を 訪問 する 。|The prime minister will visit France next week .|0-1 0-2 2-6 2-7 3-5 5-4 7-8
猫 が 庭 で 寝て いる 。|The cat is sleeping in the garden .|0-1 2-6 3-4 4-3 6-7
トヨタ は 名古屋 に 新しい 工場 を 建てる 。|Toyota builds a new factory in Nagoya .|0-0 2-6 3-5 4-3 5-4 7-1 8-7
"""
CHINESE = """
我 住 在 北京 。|I live in Beijing .|0-0 1-1 2-2 3-3 4-4
她 在 大学 学习 历史 。|She studies history at the university .|0-0 1-3 2-5 3-1 4-2 5-6
总统 昨天 访问 了 法国 。|The president visited France yesterday .|0-1 1-4 2-2 4-3 5-5
这 本 书 很 有趣 。|This book is very interesting .|0-0 2-1 3-3 4-4 5-5
政府 公布 了 新 的 法律 。|The government announced a new law .|0-1 1-2 3-4 5-5 6-6
两 个 学生 在 图书馆 看 书 。|Two students read books in the library .|0-0 2-1 3-4 4-6 5-2 6-3 7-7
上海 是 中国 最 大 的 城市 。|Shanghai is the largest city in China .|0-0 1-1 2-6 3-3 4-3 6-4 7-7
猫 在 花园 里 睡觉 。|The cat sleeps in the garden .|0-1 1-3 2-5 4-2 5-6
他 去年 在 伦敦 工作 。|He worked in London last year .|0-0 1-4 1-5 2-2 3-3 4-1 5-6
公司 在 南京 建 新 工厂 。|The company builds a new factory in Nanjing .|0-1 1-6 2-7 3-2 4-4 5-5 6-8
"""


def pairs(text: str) -> Iterator[tuple[Pair, set[tuple[int, int]]]]:
    """Pairs with English as the source, and their links."""
    for line in text.split("\n"):
        if line:
            words, english, links = line.split("|")
            found = {(int(e), int(w)) for w, e in (link.split("-") for link in links.split())}
            yield Pair(Sentence(tuple(words.split())), Sentence(tuple(english.split()))), found


def f1(spec: str, text: str) -> float:
    """The F1 of all links."""
    given, gold = zip(*pairs(text), strict=True)
    made = [set(a.links) for a in load("aligner", spec).align(list(given))]
    correct = sum(len(a & b) for a, b in zip(made, gold, strict=True))
    return 2 * correct / (sum(map(len, made)) + sum(map(len, gold)))


def main() -> None:
    print(f"{'':24}{'with the mark':>16}{'without':>10}")
    for language, text in (("ja-en", JAPANESE), ("zh-en", CHINESE)):
        for spec in ("e5:itermax", "e5:transport", "e5:intersection"):
            with mock.patch("xlner.models.e5.states.starts_without_space", return_value=False):
                before = f1(spec, text)
            print(f"{language} {spec:18}{before:16.3f}{f1(spec, text):10.3f}")


if __name__ == "__main__":
    main()
