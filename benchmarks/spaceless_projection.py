"""Projection onto text without spaces, where each character is a word.

    python benchmarks/spaceless_projection.py

Japanese and Chinese sentences with English translations and entities, written for this. F1 of the entities, by their
characters, for each projector with the links of the default aligner.
"""

from __future__ import annotations

import re

from xlner import Pair, Pipeline, Sentence
from xlner.evaluation import evaluate

JAPANESE = """
[Tanaka PER] lives in [Kyoto LOC] .|[田中 PER]さんは[京都 LOC]に住んでいる。
[Toyota ORG] built a plant in [Nagoya LOC] .|[トヨタ ORG]は[名古屋 LOC]に工場を建てた。
[Merkel PER] met [Xi Jinping PER] in [Beijing LOC] .|[メルケル PER]は[北京 LOC]で[習近平 PER]と会談した。
[Osaka University ORG] opened a new laboratory in [Kobe LOC] .|[大阪大学 ORG]は[神戸 LOC]に新しい研究所を開設した。
[Natsume Soseki PER] was born in [Tokyo LOC] .|[夏目漱石 PER]は[東京 LOC]で生まれた。
The [Bank of Japan ORG] kept its interest rate .|[日本銀行 ORG]は金利を据え置いた。
[Haruki Murakami PER] studied at [Waseda University ORG] .|[村上春樹 PER]は[早稲田大学 ORG]で学んだ。
The prime minister of [France LOC] visited [Hiroshima LOC] last week .|[フランス LOC]の首相は先週[広島 LOC]を訪れた。
[Sony ORG] and [Honda ORG] founded a firm in [Yokohama LOC] .|[ソニー ORG]と[ホンダ ORG]は[横浜 LOC]に会社を設立した。
[Suzuki PER] moved from [Sapporo LOC] to [Fukuoka LOC] .|[鈴木 PER]さんは[札幌 LOC]から[福岡 LOC]へ引っ越した。
The [Yomiuri Shimbun ORG] reported it on Monday .|[読売新聞 ORG]は月曜日にそれを報じた。
[Shinzo Abe PER] spoke in [Nara LOC] .|[安倍晋三 PER]は[奈良 LOC]で演説した。
[Hokkaido LOC] is colder than [Okinawa LOC] .|[北海道 LOC]は[沖縄 LOC]より寒い。
[Akira Kurosawa PER] shot the film near [Mount Fuji LOC] .|[黒澤明 PER]は[富士山 LOC]の近くで映画を撮影した。
[Kyoto University ORG] invited [Shinya Yamanaka PER] .|[京都大学 ORG]は[山中伸弥 PER]を招いた。
"""
CHINESE = """
[Wang Wei PER] lives in [Beijing LOC] .|[王伟 PER]住在[北京 LOC]。
[Huawei ORG] opened an office in [Shenzhen LOC] .|[华为 ORG]在[深圳 LOC]开设了办事处。
[Angela Merkel PER] met [Xi Jinping PER] in [Shanghai LOC] .|[安格拉·默克尔 PER]在[上海 LOC]会见了[习近平 PER]。
[Peking University ORG] is one of the oldest in [China LOC] .|[北京大学 ORG]是[中国 LOC]最古老的大学之一。
[Lu Xun PER] was born in [Shaoxing LOC] .|[鲁迅 PER]出生于[绍兴 LOC]。
The [Bank of China ORG] raised its interest rate .|[中国银行 ORG]提高了利率。
[Mo Yan PER] won the prize in [Stockholm LOC] .|[莫言 PER]在[斯德哥尔摩 LOC]获奖。
The president of [France LOC] visited [Guangzhou LOC] last week .|[法国 LOC]总统上周访问了[广州 LOC]。
[Tencent ORG] and [Alibaba ORG] compete in [Hangzhou LOC] .|[腾讯 ORG]和[阿里巴巴 ORG]在[杭州 LOC]竞争。
[Li Na PER] flew from [Wuhan LOC] to [Paris LOC] .|[李娜 PER]从[武汉 LOC]飞往[巴黎 LOC]。
[Xinhua News Agency ORG] reported it on Monday .|[新华社 ORG]星期一报道了此事。
[Deng Xiaoping PER] spoke in [Guangdong LOC] .|[邓小平 PER]在[广东 LOC]发表了讲话。
[Tibet LOC] is colder than [Hainan LOC] .|[西藏 LOC]比[海南 LOC]冷。
[Zhang Yimou PER] shot the film near the [Yellow River LOC] .|[张艺谋 PER]在[黄河 LOC]附近拍摄了这部电影。
[Tsinghua University ORG] invited [Tu Youyou PER] .|[清华大学 ORG]邀请了[屠呦呦 PER]。
"""
PROJECTORS = (
    *("greedy", "exact", "heuristic", "hull", "fused:copied-surface", "fused:align+ner", "fused:ner"),
    "ner-candidates?recognizer=multilingual",
)
_MARKED = re.compile(r"\[([^\]]+) ([A-Z]+)\]")


def sentence(marked: str, language: str) -> Sentence:
    """The sentence of a text with entities in brackets."""
    text, spans, end = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[end : match.start()]
        spans.append((len(text), len(text) + len(match[1]), match[2]))
        text, end = text + match[1], match.end()
    return Sentence.from_spans(text + marked[end:], spans, language=language)


def pairs(text: str, language: str) -> list[tuple[Pair, Sentence]]:
    """Pairs with English sources, and the gold targets."""
    rows = [line.split("|") for line in text.split("\n") if line]
    targets = [sentence(target, language) for _, target in rows]
    sources = [sentence(source, "en") for source, _ in rows]
    return [(Pair(t.with_entities(()), s), t) for s, t in zip(sources, targets, strict=True)]


def main() -> None:
    print(f"{'':42}{'ja':>8}{'zh':>8}")
    for spec in PROJECTORS:
        scores = []
        for language, text in (("ja", JAPANESE), ("zh", CHINESE)):
            given, gold = zip(*pairs(text, language), strict=True)
            pipeline = Pipeline(None, None, "e5:itermax", spec, target_lang=language)
            made = [pair.labeled for pair in pipeline.run_pairs(given)]
            scores.append(evaluate(gold, made).micro.f1)
        print(f"{spec:42}" + "".join(f"{f1:8.3f}" for f1 in scores))


if __name__ == "__main__":
    main()
