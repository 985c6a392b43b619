"""Plugins that give something else than they should."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.fault_cases.harness import fault, label, need, plugin, put, refused

_ONE = "an error on its sentence; the others are labeled; exit code 1"
_TEXT = "Ana vive en Vigo\nmal en Lugo\nRenfe de Vigo\n"

_TRANSLATOR = """
class Odd(EchoTranslator):
    def translate(self, texts, *, from_lang, to_lang):
        return [{result} if "mal" in text else text for text in texts]
"""
_RECOGNIZER = """
class Odd(DictionaryRecognizer):
    def __init__(self):
        super().__init__({{"Vigo": "LOC", "Lugo": "LOC"}})
    def recognize(self, sentences):
        found = super().recognize(sentences)
        return [{result} if "mal" in s.tokens else f for s, f in zip(sentences, found)]
"""
_ALIGNER = """
class Odd(OracleAligner):
    def align(self, pairs):
        return [{result} if "mal" in p.target.tokens else a for p, a in zip(pairs, super().align(pairs))]
"""
_PROJECTOR = """
from dataclasses import replace
from xlner.projection import HullProjector
class Odd(HullProjector):
    def project(self, pairs):
        return [{result} if "mal" in p.target.tokens else a for p, a in zip(pairs, super().project(pairs))]
"""
_CODES = {"translator": _TRANSLATOR, "recognizer": _RECOGNIZER, "aligner": _ALIGNER, "projector": _PROJECTOR}


def _one_is_wrong(work: Path, kind: str, code: str) -> str:
    put(work / "in.txt", _TEXT)
    program = plugin(work, code, (kind, "odd", "Odd"))
    out = work / "out.jsonl"
    ran = label(work, "-o", out, f"--{kind}", "odd", program=program)
    need(ran.code == 1, ran.err)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    errors = [row.get("error") for row in rows]
    need(len(rows) == 3 and errors[1] and not errors[0] and not errors[2], errors)
    need(all(row["entities"] for row in (rows[0], rows[2])), rows)
    return str(errors[1])


for _kind, _result in (
    ("translator", "None"),
    ("translator", "5"),
    ("recognizer", "None"),
    ("recognizer", "[Entity(0, 90, 'LOC')]"),
    ("aligner", "None"),
    ("aligner", "5"),
    ("aligner", "Alignment(((90, 90),))"),
    ("projector", "None"),
    ("projector", "Projection(Sentence(('x',)), a.outcomes)"),
    ("projector", "replace(a, outcomes=())"),
):

    @fault(f"{_kind}: a plugin gives {_result}", _ONE)
    def wrong_result(work: Path, kind: str = _kind, result: str = _result) -> str:
        return _one_is_wrong(work, kind, _CODES[kind].format(result=result))


@fault("an aligner loses a result", _ONE)
def lost_result(work: Path) -> str:
    code = """
class Odd(OracleAligner):
    def align(self, pairs):
        return [a for p, a in zip(pairs, super().align(pairs)) if "mal" not in p.target.tokens]
"""
    return _one_is_wrong(work, "aligner", code)


@fault("an aligner calls sys.exit", _ONE)
def ending(work: Path) -> str:
    return _one_is_wrong(
        work, "aligner", _ALIGNER.format(result="sys.exit(0)").replace("class", "import sys\nclass", 1)
    )


@fault("a lone surrogate in a translation", "it is replaced and said; the run goes on, in a run folder too")
def half(work: Path) -> str:
    put(work / "in.txt", _TEXT)
    program = plugin(work, _TRANSLATOR.format(result="'Lugo \\ud83d'"), ("translator", "odd", "Odd"))
    for more in ((), ("--run-dir", work / "run")):
        out = work / "out.jsonl"
        ran = label(work, "-o", out, "--translator", "odd", *more, program=program)
        need(ran.code == 0 and "a lone surrogate in sentence 2" in ran.err, ran.err)
        need("\\ud" not in out.read_text(encoding="utf-8"), "an escape of a lone surrogate")
    return "U+FFFD"


@fault("a plugin raises when it is created", "one line that names --debug, which shows the traceback")
def constructor(work: Path) -> str:
    code = "class Odd:\n    def __init__(self):\n        raise RuntimeError('odd\\x1b[31m')"
    program = plugin(work, code, ("aligner", "odd", "Odd"))
    return refused(label(work, "--aligner", "odd", program=program), "RuntimeError", "\\u001b", "--debug", code=3)


@fault("40 entities, all linked to 40 words, with exact matching", "greedy after a limit of steps, and it says so")
def rivals(work: Path) -> str:
    import time

    from xlner import Alignment, Entity, Pair, Sentence
    from xlner.projection.matching_projector import MatchingProjector

    n, seen = 40, []
    for matcher, constraint in (("exact", "<="), ("exact", "="), ("milp", "<=")):
        source = Sentence(tuple("s" * n), tuple(Entity(k, k + 1, "X") for k in range(n)))
        pair = Pair(Sentence(tuple("t" * n)), source, Alignment(tuple((a, b) for a in range(n) for b in range(n))))
        start = time.process_time()
        (made,) = MatchingProjector(matcher=matcher, constraint=constraint).project([pair])
        seen.append(f"{made.solver} {time.process_time() - start:.1f} s")
        need(made.solver == "greedy" and time.process_time() - start < 15, seen)
    return ", ".join(seen)
