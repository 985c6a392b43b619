"""Random inputs for readers, writers, parsers and projectors: no exception but ours, and no broken invariant.

    TMPDIR=/dev/shm python -m tests.fuzz [--inputs 1000000] [--seed 0] [--only NAME ...]

Prints one row per target. Exit code 1, and the seed of the input, if one fails. `test_fuzz.py` runs a small part.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from xlner import Alignment, Entity, Pair, Projection, Sentence, XlnerError, load
from xlner.core.registry import Spec
from xlner.core.tags import Scheme, decode, encode
from xlner.errors import DataWarning
from xlner.formats import (
    read_alignments,
    read_gold_alignments,
    read_lexicon,
    read_pairs,
    read_sentences,
    write_pairs,
    write_sentences,
)
from xlner.projection import MarkerStyle, read_markers, recover_entities, write_markers
from xlner.projection.batch import Batch
from xlner.projection.kernels.compile import can_compile
from xlner.text.tokenizer import locate, tokenize

Rng = random.Random
Target = Callable[[Rng, Path], None]

ALPHABET = (
    *"abzAZ09.,-_#:=/|<>[]{}()&\"'`\\ \t",
    *"éßİıñçÅ中文あカไทยעאبΩ",
    *"\u00a0\u00ad\u200b\u200c\u200d\u2028\u2029\u0085\u001c\u0301\u0327\ufeff\ufffd\u2018\u2019\u02bb",
    *"👨👩🇪🇸👍🏽",
)
TAGS = ("O", "B-PER", "I-PER", "E-PER", "S-LOC", "L-ORG", "U-ORG", "B-LOC", "I-LOC", "PER", "B", "I", "o", "B_PER")
LABELS = ("PER", "LOC", "ORG", "MISC", "A-B", "x")


class BrokenError(AssertionError):
    """An invariant that does not hold."""


def require(condition: bool, what: str) -> None:
    """Raise `BrokenError` unless a condition holds."""
    if not condition:
        raise BrokenError(what)


# --- Making inputs ---


def text(rng: Rng, longest: int = 12) -> str:
    """A short text of characters that are special somewhere."""
    return "".join(rng.choices(ALPHABET, k=rng.randint(0, longest)))


def token(rng: Rng) -> str:
    """A word that is not empty."""
    return rng.choice(("Ana", "Vigo", "-DOCSTART-", "#", "#Vigo", "# id = 3", "1", "O", "")) or text(rng, 6) or "x"


def entities(rng: Rng, length: int) -> list[Entity]:
    """Disjoint entities of a sentence."""
    found, position = [], 0
    while position < length and len(found) < 6:
        start = position + rng.randint(0, 3)
        end = start + rng.randint(1, 3)
        if end > length:
            break
        found.append(Entity(start, end, rng.choice(LABELS)))
        position = end
    return found


def sentence(rng: Rng, longest: int = 10) -> Sentence:
    """A sentence of any words, in half of the cases with a text."""
    if rng.random() < 0.5:
        made = Sentence.from_text(text(rng, 30))
    else:
        made = Sentence(tuple(token(rng) for _ in range(rng.randint(0, longest))))
    return made.with_entities(entities(rng, len(made)))


def mutated(rng: Rng, data: bytes) -> bytes:
    """Bytes with some of them changed, removed, doubled or moved."""
    made = bytearray(data)
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(made) + 1)
        size = rng.choice((1, 1, 2, 8, 40))
        kind = rng.randrange(4)
        if kind == 0:
            made[at:at] = rng.choice((*PIECES, rng.randbytes(rng.randint(1, 4))))
        elif kind == 1:
            del made[at : at + size]
        elif kind == 2:
            made[at:at] = made[at : at + size]
        elif made:
            made[at % len(made)] = rng.randrange(256)
    return bytes(made)


PIECES = (
    b"\n", b"\r", b"\r\n", b"\n\n", b"\t", b" ", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85",
    b"NaN", b"1e400", b"null", b"-1", b"[" * 60, b"{" * 30, b'"\\ud800"', b"9" * 40, b"#", b"# id = 1\n", b"O", b"B-",
    b'"entities"', b'"tokens"', b'"text"', b"0-0", b"-DOCSTART- O", b"|||", b"p", b":0.5", b"true",
)  # fmt: skip
SEEDS = {
    ".conll": (
        b"Ana B-PER\nvive O\nen O\nVigo B-LOC\n\n# id = 2\n# text = Ola, Ana\nOla\tO\n,\tO\nAna\tS-PER\n",
        b"-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n1\tAna\tO\tO\n2\tvive\tO\tO\n",
        b"# sent_id = a\n1\tAna\tAna\tPROPN\t_\t_\t0\troot\t_\tNE=B-PER\n1-2\tx\t_\t_\t_\t_\t_\t_\t_\t_\n",
        "中 B-NAME\n文 E-NAME\n\nTom PER\nCruise PER\n\nTom B_PER\nx o\n".encode(),
    ),
    ".jsonl": (
        b'{"tokens": ["Ana", "Vigo"], "tags": ["B-PER", "O"], "id": "1"}\n',
        b'{"text": "Ana vive en Vigo.", "entities": [{"start": 0, "end": 3, "label": "PER"}], "n": 1.5}\n',
        b'{"text": "Ana", "label": [[0, 3, "PER"]]}\n{"tokens": ["a"], "ner_tags": [3]}\n',
        b'{"tokens": ["Ana"], "source": {"tokens": ["Ana"], "tags": ["B-PER"]}, "alignment": "0-0"}\n',
        b'[{"tokens": ["a"], "ner": [[0, 0, "PER"]]}]\n',
    ),
    ".txt": (b"Ana vive en Vigo.\nOla!\n", "İstanbul'a 👨\u200d👩 «x»\n\n".encode(), b"Ana B-PER\nvive O\n\nx O\n"),
    ".talp": (
        b"0-0 1-1 2-2\n\n3-1 0p2 1?1\n",
        b"0-0:0.5 1-1:1\n",
        b"a ||| b ||| 0-0 ||| -1.5\n",
        b"1 1 1 S\n1 2 2 P\n",
    ),
    ".tsv": (b"vive\tlives\t0.5\nVigo\tVigo\t1\n",),
}


# --- Targets ---


def consume(items: Iterator[object]) -> list[object]:
    """The items of a reader, with its own errors."""
    try:
        return list(items)
    except XlnerError:
        return []


def check_sentence(made: Sentence) -> None:
    """The invariants of a sentence: entities inside and disjoint, offsets in order and inside."""
    ends = [0]
    for entity in made.entities:
        require(ends[-1] <= entity.start < entity.end <= len(made), f"entities {made.entities} of {len(made)} words")
        ends.append(entity.end)
    if made.offsets is not None and made.text is not None:
        places = [place for span in made.offsets for place in span]
        require(all(a <= b for a, b in pairwise([0, *places, len(made.text)])), f"offsets {made.offsets}")


def damaged_file(suffix: str) -> Target:
    """Readers of a damaged file give sentences and errors, and raise nothing else."""

    def run(rng: Rng, folder: Path) -> None:
        path = folder / f"in{suffix}"
        path.write_bytes(mutated(rng, b"".join(rng.choices(SEEDS[suffix], k=rng.randint(1, 3)))))
        readers: dict[str, list[Callable[[], Iterator[object]]]] = {
            ".jsonl": [lambda: read_sentences(path), lambda: read_pairs(path)],
            ".talp": [lambda: read_alignments(path), lambda: read_gold_alignments(path)],
            ".tsv": [lambda: read_lexicon(path)],
        }
        for reader in readers.get(suffix, [lambda: read_sentences(path)]):
            try:
                items = reader()
            except XlnerError:
                continue
            for item in consume(items):
                if isinstance(item, Sentence):
                    check_sentence(item)

    return run


def written(format: str) -> Target:
    """What is written is read back the same."""

    def run(rng: Rng, folder: Path) -> None:
        path = folder / f"out.{format}"
        given = [sentence(rng) for _ in range(rng.randint(1, 3))]
        given = [
            Sentence(s.tokens, s.entities, s.text, s.offsets, id=rng.choice((None, "7", text(rng) or None)))
            for s in given
        ]
        write_sentences(given, path, format=format)
        read = list(read_sentences(path, format=format))
        require(len(read) == len(given), f"{len(given)} sentences written, {len(read)} read: {given!r}")
        for old, new in zip(given, read, strict=True):
            require(isinstance(new, Sentence), f"{new!r} from {old!r}")
            assert isinstance(new, Sentence)
            require(new.tokens == old.tokens, f"{old.tokens!r} became {new.tokens!r}")
            require(new.entities == old.entities, f"{old!r} became {new!r}")
            require(new.id == old.id, f"id {old.id!r} became {new.id!r}")

    return run


def written_pairs(rng: Rng, folder: Path) -> None:
    """Pairs in JSONL are read back the same."""
    path = folder / "pairs.jsonl"
    given = pair(rng)
    write_pairs([given], path)
    (read,) = read_pairs(path)
    require(isinstance(read, Pair), repr(read))
    assert isinstance(read, Pair)
    require(read.target.tokens == given.target.tokens, f"{given!r} became {read!r}")
    require(read.source is not None and read.source.entities == given.source.entities, f"{given!r} became {read!r}")
    require(read.alignment == given.alignment, f"{given!r} became {read!r}")


def tags(rng: Rng, folder: Path) -> None:
    """Any tags decode to disjoint entities or a `ValidationError`; encoded entities decode to themselves."""
    given = [rng.choice((*TAGS, text(rng, 4))) for _ in range(rng.randint(0, 8))]
    for scheme in Scheme:
        try:
            found = decode(given, scheme).entities
        except XlnerError:
            continue
        check_sentence(Sentence(tuple("x" * len(given)), found))
    length = rng.randint(0, 10)
    plain = tuple(entities(rng, length))
    for scheme in ("IOB1", "IOB2", "IOBES", "BILOU"):
        for reading in (scheme, Scheme.AUTO):
            again = decode(encode(plain, length, scheme), reading).entities
            require(again == plain or reading is Scheme.AUTO, f"{plain} in {scheme} became {again}")


def specs(rng: Rng, folder: Path) -> None:
    """Specs of stages are parsed or refused."""
    words = ("e5", "greedy", "fused", "ensemble", ":", "?", "=", "&", "(", ")", "+", "exact", "n", "3", "nan", "gap")
    spec = "".join(rng.choice((*words, text(rng, 3))) for _ in range(rng.randint(0, 9)))
    try:
        Spec.parse(spec)
        load("projector", spec)
    except XlnerError:
        pass


def configs(rng: Rng, folder: Path) -> None:
    """A damaged config of a command ends in one line and exit code 2, never in a traceback."""
    from click.testing import CliRunner

    from xlner.cli import app

    seed = b'[label]\nlang = "gl"\nlimit = 3\n"to" = "jsonl"\nmin-confidence = 0.5\ntranslator = ["a", 3]\n'
    (folder / "c.toml").write_bytes(mutated(rng, seed))
    (folder / "none.txt").write_bytes(b"")
    ran = CliRunner().invoke(app, ["label", str(folder / "none.txt"), "--config", str(folder / "c.toml")])
    require(ran.exception is None or isinstance(ran.exception, (SystemExit, XlnerError)), repr(ran.exception))


def markers(rng: Rng, folder: Path) -> None:
    """Markers that were written are read; damaged ones give disjoint entities inside the text."""
    given = sentence(rng)
    made = write_markers(given, rng.choice(list(MarkerStyle)), spaced=rng.random() < 0.3)
    read = read_markers(made.text, made.markers)
    require(all(0 <= mark.start <= mark.end <= len(read.text) for mark in read.marks), repr(made))
    damaged = mutated(rng, made.text.encode()).decode(errors="replace")
    found = recover_entities(given, made.markers, [damaged])
    check_projection(found, given.entities)


def tokens(rng: Rng, folder: Path) -> None:
    """Tokens are in order, disjoint, not empty, and hold every visible character."""
    given = text(rng, 40)
    spans = tokenize(given, rng.choice((None, "es", "ca", "fr", "he", "ja", "th", "tr", "uz", "am", "zh")))
    ends = [0]
    for start, end in spans:
        require(ends[-1] <= start < end <= len(given), f"{spans} of {given!r}")
        require(not visible(given[ends[-1] : start]), f"{spans} of {given!r}")
        ends.append(end)
    require(locate(given, [given[a:b] for a, b in spans]) is not None, f"{given!r} is not found again")


def visible(part: str) -> bool:
    """True if a text has a character that is neither space, control nor format character."""
    return any(not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Mn") for c in part)


def pair(rng: Rng) -> Pair:
    """A pair with links."""
    source = Sentence(tuple(f"s{k}" for k in range(rng.randint(1, 9))))
    target = Sentence(tuple(rng.choice(("t", ",", "Ana", "«", "de")) + str(k) for k in range(rng.randint(0, 9))))
    source = source.with_entities(entities(rng, len(source)))
    cells = [(i, j) for i in range(len(source)) for j in range(len(target))]
    return Pair(target, source, Alignment(rng.sample(cells, k=min(len(cells), rng.randint(0, 12)))))


PROJECTORS = (
    "heuristic", "heuristic?gap=2&ratio=0", "hull", "greedy", "greedy?n=2", "exact", "exact?n=2",
    "exact?constraint==&n=1",
    "exact?constraint=>=&n=2", "exact:ngrams?max_length=3", "greedy?threshold=0.3", "fused:align",
)  # fmt: skip


def check_projection(found: Projection, expected: Sequence[Entity]) -> None:
    """One outcome per source entity; projected spans are disjoint and are those of the sentence."""
    require([o.entity for o in found.outcomes] == list(expected), f"{found.outcomes} for {expected}")
    check_sentence(found.sentence)
    spans = sorted(e.span for o in found.outcomes for e in o.projected)
    require(spans == sorted(e.span for e in found.sentence.entities), f"{spans} in {found.sentence}")


_LOADED: dict[str, object] = {}


def projections(rng: Rng, folder: Path) -> None:
    """Every projector keeps the invariants of a projection, for any entities and links."""
    spec = rng.choice(PROJECTORS)
    projector = _LOADED.setdefault(spec, load("projector", spec))
    given = pair(rng)
    (found,) = projector.project([given])  # type: ignore[attr-defined]
    check_projection(found, given.source.entities)


def kernels(rng: Rng, folder: Path) -> None:
    """The same functions, compiled and on lists, give the same arrays."""
    given = [pair(rng) for _ in range(rng.randint(1, 4))]
    links = [sorted((p.alignment or Alignment(())).links) for p in given]
    spans = [[e.span for e in p.source.entities] for p in given]

    def offsets(parts: Sequence[Sequence[object]]) -> list[int]:
        return [sum(map(len, parts[:k])) for k in range(len(parts) + 1)]

    def flat(parts: Sequence[Sequence[tuple[int, int]]]) -> list[tuple[int, int]]:
        return [cell for part in parts for cell in part]

    columns = flat(links), offsets(links), flat(spans), offsets(spans), [len(p.target) for p in given]
    options = {"matcher": rng.choice(("exact", "greedy")), "n": rng.randint(1, 2), "threshold": rng.choice((0, 0.3))}
    slow, fast = (Batch(*columns, compile=compiled) for compiled in (False, can_compile()))
    for one, other in ((slow.match(**options), fast.match(**options)), (slow.heuristic(), fast.heuristic())):
        for name in one._fields:
            require(getattr(one, name).tolist() == getattr(other, name).tolist(), f"{name} of {columns} {options}")


TARGETS: dict[str, tuple[Target, float]] = {
    "damaged CoNLL": (damaged_file(".conll"), 3),
    "damaged JSONL": (damaged_file(".jsonl"), 3),
    "damaged text": (damaged_file(".txt"), 1),
    "damaged links": (damaged_file(".talp"), 1),
    "damaged lexicon": (damaged_file(".tsv"), 0.5),
    "written CoNLL": (written("conll"), 2),
    "written CoNLL-U": (written("conllu"), 1),
    "written JSONL": (written("jsonl"), 1),
    "written pairs": (written_pairs, 1),
    "tags": (tags, 2),
    "specs": (specs, 0.3),
    "configs": (configs, 0.1),
    "markers": (markers, 1),
    "tokens": (tokens, 2),
    "projections": (projections, 3),
    "kernels": (kernels, 0.3),
}
"""The targets, and their shares of the inputs."""


def fuzz(name: str, inputs: int, seed: int) -> Iterator[tuple[int, Exception]]:
    """Run a target on seeded inputs. Yield the number and the exception of each input that fails."""
    target, _ = TARGETS[name]
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        for k in range(inputs):
            try:
                target(random.Random(f"{seed} {name} {k}"), Path(folder))
            except Exception as error:
                yield k, error


def shares(inputs: int) -> dict[str, int]:
    """How many of the inputs each target gets."""
    total = sum(share for _, share in TARGETS.values())
    return {name: max(1, round(inputs * share / total)) for name, (_, share) in TARGETS.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one row per target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--show", type=int, default=3, help="failures to show for each target")
    options = parser.parse_args(arguments)
    failed = 0
    print(f"{'target':18}{'inputs':>9}{'failed':>8}{'seconds':>9}")
    for name, count in shares(options.inputs).items():
        if name not in options.only:
            continue
        began = time.perf_counter()
        failures = list(fuzz(name, count, options.seed))
        print(f"{name:18}{count:9}{len(failures):8}{time.perf_counter() - began:9.0f}", flush=True)
        for k, error in failures[: options.show]:
            print(f"    input {k}: {type(error).__name__}: {str(error)[:300]!r}")
        failed += len(failures)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
