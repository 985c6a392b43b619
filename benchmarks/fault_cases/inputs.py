"""Inputs, options and dictionaries that are wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from benchmarks.fault_cases.harness import fakes, fault, label, need, put, refused, xlner

_LINE = "one line"


@fault("a config with wrong types", "one line each, with the key")
def config_types(work: Path) -> str:
    path, said = work / "c.toml", ""
    for key, value in {"limit": "true", "ignore": "5", "output": "['a']", "resume": "'no'", "ensemble": "[1]"}.items():
        put(path, f"{key} = {value}")
        said = refused(label(work, "--config", path), f"c.toml: {key} must be")
    return said


@fault("a config with NaN", _LINE)
def config_nan(work: Path) -> str:
    return refused(label(work, "--config", put(work / "c.toml", "min-confidence = nan")), "min-confidence must be")


@fault("NUL in the name of an output, a run folder, a dictionary", "one line each")
def nul(work: Path) -> str:
    said = ""
    for key in ("output", "run-dir"):
        path = put(work / "c.toml", f'{key} = "a\\u0000b"')
        said = refused(label(work, "--config", path), "no file can have this name")
    path = put(work / "c.toml", 'recognizer = "gazetteer:a\\u0000b"')
    more = [option for option in fakes(work) if option != "--recognizer" and not option.startswith("gazetteer:")]
    refused(xlner("label", work / "in.txt", "--lang", "es", *more, "--config", path), "no file can have this name")
    return said


@fault("a dictionary that is missing, a folder, binary", "one line each")
def dictionary(work: Path) -> str:
    (work / "b.tsv").write_bytes(b"\x89PNG\0\0")
    said = ""
    for file in ("no.tsv", ".", "b.tsv"):
        for option in ("--recognizer", "--translator"):
            spec = f"{'gazetteer' if option == '--recognizer' else 'lexicon'}:{work / file}"
            said = refused(label(work, option, spec))
    return said


@fault("a lexicon with the weight nan or inf", "one line, with the line of the lexicon")
def lexicon(work: Path) -> str:
    said = ""
    for weight in ("nan", "inf"):
        path = put(work / "l.tsv", f"a\tb\t1\nc\td\t{weight}\n")
        said = refused(label(work, "--translator", f"lexicon:{path}"), "l.tsv:2: weight")
    return said


@fault("threshold=nan", _LINE)
def threshold(work: Path) -> str:
    return refused(label(work, "--projector", "greedy?threshold=nan"), "is not of type float")


@fault("a spec in a spec in a spec … 2000 times", "refused at once")
def nested(work: Path) -> str:
    spec = "back-translation?forward=(" * 2000 + "greedy" + ")" * 2000
    ran = label(work, "--projector", spec)
    refused(ran, "is nested deeper than 4 levels")
    ran = label(work, "--recognizer", "ensemble:" * 5000 + "multilingual")
    need(ran.seconds < 20, f"{ran.seconds:.0f} s")
    return refused(ran, "is nested deeper than 4 levels")


@fault("records with NaN, a lone surrogate, nesting, other types; --on-error skip", "an error each; the rest goes on")
def records(work: Path) -> str:
    bad = [
        '{"text": "Vigo", "x": NaN}',
        '{"text": "Vigo", "x": 1e400}',
        '{"text": "Vigo \\ud83d"}',
        '{"text": 5}',
        '{"text": "Vigo", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"tokens": ["Vigo"], "source": "BBC News", "alignment": [[0, 0]]}',
        '{"text": "Vigo", "x": ' + "9" * 5_000 + "}",
        "[1, 2",
    ]
    path = put(work / "in.jsonl", "".join(f'{{"text": "Vigo"}}\n{line}\n' for line in bad))
    out = work / "out.jsonl"
    ran = xlner("label", path, "--lang", "es", *fakes(work), "-o", out, "--on-error", "skip")
    need(ran.code in {0, 1}, ran.err)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    need(len(rows) == 2 * len(bad), len(rows))
    need(all(row.get("entities") and not row.get("error") for row in rows[::2]), "a good sentence has no label")
    need(all(row.get("error") for row in rows[1::2]), "a bad record has no error")
    return f"{len(bad)} good sentences labeled, {sum(bool(row.get('error')) for row in rows)} with errors"


@fault("a compressed input that is cut", "one line; what was done is kept")
def cut_input(work: Path) -> str:
    data = gzip.compress("".join(f"Frase {k} en Vigo\n" for k in range(8_000)).encode(), 1)
    (work / "in.txt.gz").write_bytes(data[: len(data) // 2])
    out = work / "out.jsonl"
    ran = xlner("label", work / "in.txt.gz", "--lang", "es", *fakes(work), "-o", out)
    said = refused(ran, "cannot be decompressed", "what was written before is in")
    need((work / "out.jsonl.part").read_text(encoding="utf-8").endswith("\n"), "half a line")
    return said


@fault("control characters in labels and file names", "shown as escapes")
def escapes(work: Path) -> str:
    path = put(work / "l.jsonl", json.dumps({"tokens": ["Vigo\x1b[2J"], "ner_tags": ["B-\x9b31m"]}) + "\n")
    shown = label(work, "--output-format", "pretty").out
    evaluated = xlner("evaluate", path, path)
    missing = xlner("convert", work / "a\x1b[2J.conll", "-")
    for text in (shown, evaluated.out, evaluated.err, missing.err):
        need("\x1b" not in text and "\x9b" not in text, repr(text))
    need("\\u009b31m" in evaluated.out, evaluated.out or evaluated.err)
    return refused(missing, "\\u001b")
