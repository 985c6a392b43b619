"""Blocks of pairs give what the pairs give one by one: the same bytes, counts, reports, notes and errors."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import Command
from xlner.core.labeled_block import LabeledBlock
from xlner.engines.bulk_projection import BlockPipeline, can_project_blocks
from xlner.errors import ValidationError, XlnerError
from xlner.formats import ReadReport, read_parallel, write_pairs
from xlner.formats.bulk import PlainPairs, read_parallel_blocks
from xlner.pipeline import Pipeline
from xlner.pipeline.run_summary import RunSummary
from xlner.projection import Calibration

WORDS = (
    *("Ana", "vive", "Vigo", "Ça", "l\u2019an", "Ωm", "東京", "x9", ".", "(", ")", "«", "€", "5%", "-x", "a:b"),
    *("de", "às", "éàü", "ÀB", '"', "\u0130b"),
)
ODD_WORDS = (
    "-DOCSTART-",
    "\t",
    "en:a",
    "#",
    "#a",
    "a b",
    "\u00a0",
    "a\u00a0b",
    "\x85",
    "\u2028",
    "\ufeffa",
    "\0",
    "\r",
    "",
    "B-PER",
    "a\\b",
    "\x7f",
    "\x01",
)
ODD_SPACES = ("  ", "\t", "\u00a0", "\u00ad", "\u200b", "\u2028", "\x85", "")
LABELS = ("PER", "LOC", "ORG-X")
ODD_TAGS = ("I-LOC", "S-PER", "E-PER", "_", "B", "B_PER", "B-A:0.5", "B-A|B-C", "x", "b-LOC", 'B-"', "B-\\", "")
ODD_LINES = ("# id = 7", "# text = Ana", "#", "-DOCSTART-\tO", "", " ", "\t", "a\tb\tc\td\te", "# global.columns = A B")
ODD_LINKS = ("0-0:0.5", "1p0", "0-99", "99-0", "0", "x", "0-0 ", " 0-0", "0,0", "[[0, 0]]", "3\t0-0", "12345-0", "0--1")
SPECS = (
    "greedy",
    "exact",
    "exact:ngrams?max_length=3",
    "greedy:merged?gap=2",
    "exact?constraint=>=&n=2",
    "exact?constraint==&n=2",
    "greedy?threshold=0.6",
    "heuristic",
    "heuristic?gap=2&ratio=0.5",
    "heuristic?top_k=1&keep_first=true",
    "hull",
    "hull?comp_src=true&comp_tgt=true",
    "hull?max_ratio=2",
)


class RandomFiles:
    """Random parallel files, most of them with something that only the careful readers can read."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random = Random(seed)
        self.odd = random.choice((0.0, 0.002, 0.01, 0.03))
        self.separator = random.choice("\t\t\t ")
        self.more = random.choice((0, 0, 0, 2))
        n = random.randint(115, 150)
        lengths = [(random.randint(1, 9), random.randint(1, 9)) for _ in range(n)]
        self.source = self._write(
            folder / "a.conll", [line for length, _ in lengths for line in self._sentence(length)]
        )
        tagged = random.random() < 0.3
        target = [line for _, length in lengths for line in self._sentence(length, tagged=tagged)]
        self.target = self._write(folder / "b.conll", target)
        if random.random() < 0.4:
            self.target = self._write(folder / "b.txt", [self._text(length) for _, length in lengths])
        self.links = [
            self._write(folder / f"{k}.talp", [self._links(*both) for both in lengths])
            for k in range(random.choice((1, 1, 1, 2)))
        ]
        self.spec = random.choice(SPECS)
        self.format = "conll" if "n=2" in self.spec else random.choice(("conll", "jsonl"))
        self.ignore = random.choice(((), (), ("LOC",)))
        self.calibration = random.choice((None, Calibration(((0.2, 0.1), (0.9, 0.95)))))
        self.reading: dict[str, Any] = {"one_based": False, "require_source_tags": random.random() < 0.8}
        if self.target.suffix == ".txt":
            self.reading |= {"words": random.choice(("spaces", "spaces", "tokenizer")), "target_lang": "fr"}
        if random.random() < 0.2:
            self.reading |= {
                "repair": random.choice(("discard", "none")),
                "scheme": random.choice(("auto", "IOB2", "IOB1")),
            }

    def _is_odd(self) -> bool:
        return self.random.random() < self.odd

    def _is_very_odd(self) -> bool:
        return self.random.random() < self.odd / 20

    def _word(self) -> str:
        if self._is_odd():
            return self.random.choice(ODD_WORDS if self._is_very_odd() else ODD_WORDS[2:])
        return self.random.choice(WORDS)

    def _sentence(self, length: int, *, tagged: bool = True) -> Iterator[str]:
        if self._is_odd():
            yield self.random.choice(ODD_LINES if self._is_very_odd() else ODD_LINES[:3])
        tags = ["O"] * length
        at = 0
        while tagged and at < length:
            size = self.random.choice((1, 1, 2, 3))
            if self.random.random() < 0.4 and at + size <= length:
                label = self.random.choice(LABELS)
                tags[at : at + size] = [f"B-{label}", *[f"I-{label}"] * (size - 1)]
            at += size
        for tag in tags:
            shown = self.random.choice(ODD_TAGS) if self._is_odd() else tag
            yield self.separator.join([self._word(), *["x"] * self.more, shown])
        if not self._is_very_odd():
            yield ""

    def _text(self, length: int) -> str:
        spaces = [self.random.choice(ODD_SPACES) if self._is_odd() else " " for _ in range(length)]
        return "".join(part for space in spaces for part in (self._word(), space)).removesuffix(" ")

    def _links(self, source: int, target: int) -> str:
        links = [
            f"{self.random.randrange(source)}-{self.random.randrange(target)}"
            for _ in range(self.random.choice((0, 1, source, 2 * source)))
        ]
        if self.random.random() < 0.5:
            links = sorted(set(links))
        if self._is_odd():
            links.append(self.random.choice(ODD_LINKS))
        return " ".join(links)

    def _write(self, path: Path, lines: list[str]) -> Path:
        if self._is_very_odd():
            del lines[-self.random.randint(1, 5) :]
        end = self.random.choice(("\n", "\n", "\n", "\r\n"))
        data = end.join(lines).encode() + end.encode() * self.random.choice((0, 1, 1))
        if self._is_odd():
            at = self.random.randrange(len(data))
            data = data[:at] + b"\xff" + data[at:]
        path.write_bytes(data)
        return path


def results_of(files: RandomFiles, output: Path, *, blocks: bool) -> tuple[object, ...]:
    """Everything that a user sees of a projection, and the number of sentences in blocks."""
    pipeline = Pipeline(projector=files.spec, ignore=files.ignore, window=7)
    if files.format == "jsonl":
        pipeline = pipeline.with_confidence(files.calibration)
    reports, summary, in_blocks = (ReadReport(), ReadReport()), RunSummary(), 0
    how = {"source_report": reports[0], "target_report": reports[1], **files.reading}
    error = ""

    def counted(items: Iterator[Any]) -> Iterator[Any]:
        nonlocal in_blocks
        for item in items:
            in_blocks += len(item) if isinstance(item, LabeledBlock) else 0
            yield item

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if blocks:
                pairs = read_parallel_blocks(files.source, files.target, files.links, block=7, **how)
                made: Iterator[Any] = BlockPipeline(pipeline, files.format).run_pairs(pairs)
            else:
                made = pipeline.run_pairs(read_parallel(files.source, files.target, files.links, **how))
            write_pairs(counted(summary.count(made)), output, format=files.format)
        except XlnerError as raised:
            error = f"{type(raised).__name__} {raised}"
    written = {path.name.removeprefix(output.name): path.read_bytes() for path in output.parent.glob(f"{output.name}*")}
    notes = [str(warning.message) for warning in caught]
    counts = [(r.sentences, r.bad, r.repaired_tags, r.out_of_place) for r in reports]
    seen = (written, error, summary.lines(), summary.as_dict(), counts, notes, sorted(pipeline.labels))
    return (*seen, in_blocks)


@pytest.mark.parametrize("seed", range(30))
def test_blocks_give_what_pairs_give(seed: int, tmp_path: Path) -> None:
    files = RandomFiles(seed, tmp_path)
    *careful, none = results_of(files, tmp_path / "careful.conll", blocks=False)
    *fast, in_blocks = results_of(files, tmp_path / "fast.conll", blocks=True)
    assert fast == careful
    assert none == 0
    may_differ = files.reading.get("words") == "tokenizer" or "repair" in files.reading
    assert in_blocks or files.odd or careful[1] or may_differ


@pytest.mark.parametrize("format", ["conll", "jsonl"])
def test_the_command_gives_the_same_with_blocks_and_without(xlner: Command, tmp_path: Path, format: str) -> None:
    rows = ["Ana\tB-PER\nvive\tO\nVigo\tB-LOC\n"] * 2300
    rows[1500] = "# id = 7\nAna\tI-PER\n.\tO\nx\tI-LOC\n"
    rows[1700] = "Ana\\\tB-PER\n\u2028\tO\nVigo\tB-LOC\n"
    rows[2100] = "Ana\tB-PER\nvive\tx\n"
    source, target, links = tmp_path / "a.conll", tmp_path / "b.conll", tmp_path / "a.talp"
    source.write_text("\n".join(rows), encoding="utf-8")
    target.write_text("\n".join(["»\tO\nAna\tO\nVigo\tO\n"] * 2300), encoding="utf-8")
    links.write_text("0-0 0-1 2-2\n" * 2299 + "0-1 2-3\n", encoding="utf-8")
    arguments = ("project", source, target, "--alignment", links, "--projector", "exact", "--ignore", "MISC", "-o", "-")
    arguments = (*arguments, "--output-format", format)
    end = "\n\n" if format == "conll" else "\n"
    stopped = xlner(*arguments)
    assert stopped == xlner(*arguments, "--limit", "9999")
    assert (stopped.code, stopped.out.count(end)) == (2, 2000)
    assert "or continue with --on-error skip" in stopped.err
    fast, careful = xlner(*arguments, "--on-error", "skip"), xlner(*arguments, "--on-error", "skip", "--limit", "9999")
    assert fast == careful
    assert (fast.code, fast.out.count(end)) == (1, 2300)
    assert "2 of 2,300 sentences failed; " in fast.err
    assert "sentence 2101" in fast.err
    assert "2 tags out of place repaired" in fast.err
    assert "--ignore MISC" in fast.err


def test_every_option_of_reading_holds_for_blocks(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "source_lang": "en",
        "target_lang": "es",
        "source_format": "conll",
        "target_format": "conll",
        "scheme": "IO",
        "repair": "discard",
        "tag_names": ("O", "B-LOC"),
        "label_map": "PER=LOC",
        "columns": "token=2,tag=3",
        "require_source_tags": True,
        "require_target_tags": True,
        "weigh_links": True,
        "words": "spaces",
        "segmenter": "characters",
        "one_based": False,
    }
    reports = {"source_report", "target_report"}
    parameters = inspect.signature(read_parallel).parameters
    assert options.keys() | reports == {name for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    source, target, links = tmp_path / "a.conll", tmp_path / "b.conll", tmp_path / "a.talp"
    source.write_text("Ana\tB-LOC\tB-PER\n.\tO\tI-LOC\nVigo\tO\tB-LOC\n\n" * 300, encoding="utf-8")
    target.write_text("Ana\tVigo\tO\n.\tx\tO\nx\ty\tO\n\n" * 300, encoding="utf-8")
    links.write_text("0-0 1-1 2-2\n" * 300, encoding="utf-8")
    results = {}
    for name, value in [("one_based", None), *options.items(), ("one_based", True)]:
        how = {"columns": "token=1,tag=3", name: value}
        pipeline = Pipeline(projector="greedy")
        for kind, read in (("careful", read_parallel), ("fast", read_parallel_blocks)):
            output = tmp_path / f"{kind}.conll"
            try:
                pairs: Iterator[Any] = read(source, target, [links], **how)
                write_pairs(BlockPipeline(pipeline).run_pairs(pairs), output, format="conll")
                results[kind, name, value] = output.read_text(encoding="utf-8")
            except XlnerError as error:
                results[kind, name, value] = str(error)
        assert results["careful", name, value] == results["fast", name, value], name
    changed = {name for _, name, value in results if results["fast", name, value] != results["fast", "one_based", None]}
    assert changed == {"scheme", "repair", "label_map", "columns", "one_based"}


def test_only_projection_by_links_is_done_in_blocks() -> None:
    assert all(can_project_blocks(Pipeline(projector=spec), "conll") for spec in SPECS)
    for spec in (
        "hull?comp_ins=true",
        "hull?restr_tgt=true",
        "greedy?stop_tokens=x",
        "exact?gaps=true",
        "ner-candidates",
    ):
        assert not can_project_blocks(Pipeline(projector=spec), "conll")
    assert [spec for spec in SPECS if not can_project_blocks(Pipeline(projector=spec), "jsonl")] == [
        spec for spec in SPECS if "n=2" in spec
    ]
    assert not can_project_blocks(Pipeline(projector="greedy"), "csv")
    assert can_project_blocks(Pipeline(projector="greedy").with_confidence(), "jsonl")
    assert not can_project_blocks(Pipeline(projector="greedy").with_confidence(min_confidence=0.5), "jsonl")
    assert not can_project_blocks(Pipeline(aligner="surface", projector="greedy"), "conll")
    with pytest.raises(ValidationError):
        BlockPipeline(Pipeline(projector=None))


@pytest.mark.parametrize(
    ("line", "links", "words"),
    [
        ("Ana vive", "0-0 1-1", None),
        ("Ana , vive", "0-0 1-2", "spaces"),
        ("Ana, vive", "0-0 1-2", "tokenizer"),
        ("Ana's vive", "0-0 1-1", None),
    ],
)
def test_links_decide_about_text_in_blocks_as_pair_by_pair(
    xlner: Command, tmp_path: Path, line: str, links: str, words: str | None
) -> None:
    source, target, given = tmp_path / "a.conll", tmp_path / "b.txt", tmp_path / "a.talp"
    source.write_text("Ana\tB-PER\nVigo\tB-LOC\n\n" * 3300, encoding="utf-8")
    target.write_text("Ana Vigo\n" * 2500 + f"{line}\n" * 800, encoding="utf-8")
    given.write_text("0-0 1-1\n" * 2500 + f"{links}\n" * 800, encoding="utf-8")
    arguments = ("project", source, target, "--alignment", given, "--lang", "en", "-o", "-")
    found = xlner(*arguments)
    assert found == xlner(*arguments, "--limit", "9999")
    blocks = [type(item) for item in islice(read_parallel_blocks(source, target, [given], target_lang="en"), 1001)]
    assert blocks.count(PlainPairs) == 1
    assert (found.code == 0) == ("'" not in line)
    assert ("may count the words" in found.err) == ("'" in line)
    if words is not None:
        given_words = xlner(*arguments, "--words", words)
        assert given_words.out == found.out
