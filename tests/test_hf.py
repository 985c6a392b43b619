"""Encoders of Hugging Face models, with tiny models and random weights."""

from __future__ import annotations

import itertools
import pickle
import re
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xlner import BackendError, Pair, Sentence, ValidationError, load
from xlner.alignment.decoders import itermax, softmax
from xlner.alignment.encoder_aligner import Encoder, EncoderAligner
from xlner.alignment.word_vectors import WordVectors
from xlner.errors import MissingExtraError, UnknownNameError, UsageError
from xlner.models.subwords import Subwords
from xlner.models.tokenizers import WordByWordTokenizer, longest_input
from xlner.text.scripts import starts_without_space

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")

from tests.hf_models import LETTERS, MAKERS, WORDS  # noqa: E402
from tests.tiny_translators import BUILDERS  # noqa: E402
from xlner.alignment.hf import loading as _hf_load  # noqa: E402
from xlner.alignment.hf.aligner import HfAligner, HfEncoder  # noqa: E402
from xlner.alignment.hf.architecture import drop_layers_above  # noqa: E402
from xlner.alignment.hf.loading import encoder_of, load_tokenizer  # noqa: E402

LAYERS = 3
TOKENS = st.sampled_from([*WORDS, "cats", "abc", "é", "zoo", "bluer", "<s>", "[SEP]", "x", "日"])
slow_setup = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(7)
    for name, make in MAKERS.items():
        make(root / name)
    return {name: root / name for name in MAKERS}


@pytest.fixture(scope="module", params=sorted(MAKERS))
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


def sentence(words: str | Sequence[str], language: str | None = None) -> Sentence:
    return Sentence(tuple(words.split() if isinstance(words, str) else words), language=language)


def pair(source: str | Sequence[str], target: str | Sequence[str]) -> Pair:
    return Pair(sentence(target), sentence(source))


class Plain:
    """The model of transformers, run on one sentence at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder).eval()
        self.model = model.get_encoder() if model.config.is_encoder_decoder else model
        self.space = " " if folder.name == "roberta" else ""

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        return [self.tokenizer(self.space + w, add_special_tokens=False)["input_ids"] for w in words]

    def ends(self) -> tuple[list[int], list[int]]:
        (piece,) = self.tokenizer("a", add_special_tokens=False)["input_ids"][-1:]
        whole = self.tokenizer("a")["input_ids"]
        bare = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        at = whole.index(piece) + 1 - len(bare)
        return whole[:at], whole[at + len(bare) :]

    def vectors(self, words: Sequence[str], layer: int) -> np.ndarray:
        """The mean state of each word with sub-words."""
        head, tail = self.ends()
        pieces = self.pieces(words)
        ids = torch.tensor([[*head, *itertools.chain(*pieces), *tail]])
        with torch.no_grad():
            states = self.model(ids, output_hidden_states=True).hidden_states[layer][0, len(head) :]
        ends = np.cumsum([len(p) for p in pieces])
        rows = [states[end - len(p) : end].mean(dim=0) for end, p in zip(ends, pieces, strict=True) if p]
        found: np.ndarray = torch.stack(rows).numpy()
        return found


def vectors(found: WordVectors) -> np.ndarray:
    return found.rows * found.norms[:, None]


def encode(encoder: Encoder, words: str | Sequence[str], language: str | None = None) -> WordVectors:
    return encoder.encode([sentence(words, language)])[0]


# --- States ---


@pytest.mark.parametrize("layer", range(LAYERS + 1))
def test_vectors_are_those_of_the_plain_model(folder: Path, layer: int) -> None:
    words = ["the", "red", "cats", "a", "blue", "zoo"]
    expected = Plain(folder).vectors(words, layer)
    assert np.abs(vectors(encode(HfEncoder(str(folder), layer=layer), words)) - expected).max() < 1e-4


@pytest.mark.parametrize("name", ["bert", "xlm_roberta", "deberta", "nllb", "mt5"])
@given(words=st.lists(TOKENS.filter(lambda w: w not in {"<s>", "[SEP]"}), min_size=1, max_size=6))
@slow_setup
def test_words_are_split_as_the_tokenizer_splits_them(folders: dict[str, Path], name: str, words: list[str]) -> None:
    _, tokenizer = loaded(folders[name])
    (text,) = WordByWordTokenizer(tokenizer)([sentence(words)])
    whole = tokenizer(words, is_split_into_words=True)
    assume(not any(starts_without_space(word) for word in words))  # these are read without the mark of a space
    assert text.sequence() == whole["input_ids"]
    owners = [i for i in whole.word_ids() if i is not None]
    assert np.repeat(np.arange(len(words)), text.counts).tolist() == owners


@cache
def _encoder(folder: Path) -> HfEncoder:
    return HfEncoder(str(folder), layer=2, threads=1)


@cache
def loaded(folder: Path) -> tuple[Any, Any]:
    """The encoder and the tokenizer of a folder, as transformers loads them."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    return encoder_of(model), transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("name", sorted(MAKERS))
@given(sentences=st.lists(st.lists(TOKENS, max_size=30), min_size=1, max_size=5), budget=st.integers(1, 200))
@slow_setup
def test_batches_and_padding_change_nothing(
    folders: dict[str, Path], name: str, sentences: list[list[str]], budget: int
) -> None:
    alone = _encoder(folders[name])
    together = HfEncoder(*loaded(folders[name]), layer=2, batch_tokens=budget, threads=2)
    for words, found in zip(sentences, together.encode([sentence(w) for w in sentences]), strict=True):
        expected = encode(alone, words)
        assert found.words.tolist() == expected.words.tolist()
        assert_near(vectors(found), vectors(expected))


def assert_near(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal except for rounding; the norms of vectors of some models are in the hundreds."""
    allowed = 1e-3 * max(1.0, np.abs(expected).max(initial=0) / 100)
    assert np.abs(found - expected).max(initial=0) < allowed


def test_windows_are_sentences_of_their_own(folder: Path) -> None:
    encoder, plain = _encoder(folder), Plain(folder)
    head, tail = plain.ends()
    rng = np.random.default_rng(5)
    distinct = ["".join(letters) for letters in itertools.product("cdenot", repeat=4)]
    limit = longest_input(*loaded(folder))
    words = rng.permutation(distinct)[:limit].tolist()
    room = limit - len(head) - len(tail)
    counts = [len(p) for p in plain.pieces(words)]
    fitting = int(np.searchsorted(np.cumsum(counts), room, side="right"))
    found = vectors(encode(encoder, words))
    assert len(found) == len(words)
    if sum(counts[:fitting]) == room:  # else the window cuts a word
        sure = fitting // 2
        assert np.abs(found[:sure] - plain.vectors(words[:fitting], 2)[:sure]).max() < 1e-4
    if folder.name != "mt5":  # with random weights, its words are all alike
        (alignment,) = EncoderAligner(encoder, "inter").align([pair(words, words)])
        assert alignment.links == tuple((i, i) for i in range(len(words)))


@pytest.mark.parametrize(("name", "limit"), [("bert", 24), ("xlm_roberta", 24), ("roberta", 78), ("mt5", 512)])
def test_the_limit_of_a_model(folders: dict[str, Path], name: str, limit: int) -> None:
    assert longest_input(*loaded(folders[name])) == limit
    assert len(encode(_encoder(folders[name]), ["a"] * 2 * limit).words) == 2 * limit


def test_only_the_layers_needed_are_kept_and_run(folders: dict[str, Path]) -> None:
    model = transformers.AutoModel.from_pretrained(folders["bert"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.encoder.layer[1], "forward", lambda *a, **k: pytest.fail("layer 2 was run"))
        encode(HfEncoder(model, loaded(folders["bert"])[1], layer=1), "the cat")
    drop_layers_above(model, 1)
    assert len(model.encoder.layer) == 2


def test_torch_gets_its_threads_back(folders: dict[str, Path]) -> None:
    before = torch.get_num_threads()
    encode(_encoder(folders["bert"]), "the cat")
    assert torch.get_num_threads() == before


# --- Words ---


def test_words_without_sub_words_have_no_vector_and_shift_no_other(folders: dict[str, Path]) -> None:
    for name, empty in [("bert", "\u200b"), ("xlm_roberta", "\u200b"), ("deberta", ""), ("mt5", " ")]:
        encoder = _encoder(folders[name])
        plain = encode(encoder, ["the", "red", "cat"])
        mixed = encode(encoder, [empty, "the", empty, "red", "cat", empty])
        assert mixed.words.tolist() == [1, 3, 4]
        assert np.array_equal(mixed.rows, plain.rows)
        assert len(encode(encoder, [empty]).words) == 0
    aligner = EncoderAligner(_encoder(folders["xlm_roberta"]), "inter", similarity=True)
    (alignment,) = aligner.align([pair(["\u200b", "the", "red"], ["the", "\u200b", "red"])])
    assert alignment.links == ((1, 0), (2, 2))
    assert alignment.similarity is not None
    assert not alignment.similarity[0].any()
    assert aligner.align([pair([], ["the"])])[0].links == ()


def test_text_never_becomes_a_special_token(folder: Path) -> None:
    _, tokenizer = loaded(folder)
    special = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
    words = [token for token in tokenizer.all_special_tokens if token != tokenizer.unk_token]
    for text in WordByWordTokenizer(tokenizer)([sentence([word, "the"]) for word in words]):
        assert not special & {*text.ids}
        assert text.counts.all()


def test_pooling(folders: dict[str, Path]) -> None:
    words = ["cats", "\u200b", "a"]
    by = {
        p: encode(HfEncoder(str(folders["xlm_roberta"]), layer=2, pool=p), words) for p in ("mean", "first", "subword")
    }
    assert by["mean"].words.tolist() == by["first"].words.tolist() == [0, 2]
    assert by["subword"].words.tolist() == [0, 0, 2]
    states = vectors(by["subword"])
    assert vectors(by["first"]) == pytest.approx(states[[0, 2]], abs=1e-5)
    assert vectors(by["mean"])[0] == pytest.approx(states[:2].mean(axis=0), abs=1e-5)
    for found in by.values():
        assert np.linalg.norm(found.rows, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_prefix_goes_before_every_window(folders: dict[str, Path]) -> None:
    encoder = HfEncoder(str(folders["xlm_roberta"]), layer=2, prefix="red dog")
    plain = Plain(folders["xlm_roberta"])
    assert np.abs(vectors(encode(encoder, "the cat")) - plain.vectors(["red", "dog", "the", "cat"], 2)[2:]).max() < 1e-4
    (text,) = WordByWordTokenizer(plain.tokenizer, "red dog")([sentence("a")])
    assert list(text.head[1:]) == list(itertools.chain(*plain.pieces(["red", "dog"])))


def test_the_cache_of_words_is_limited(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.models.tokenizers._CACHED_WORDS", 3)
    pieces = WordByWordTokenizer(loaded(folders["bert"])[1])
    for words in ("the red cat dog", "a house", "blue"):
        pieces([sentence(words)])
    assert len(pieces._known) == 3


# --- Translation models ---


@pytest.mark.parametrize(
    ("name", "codes"), [("nllb", {"es": "spa_Latn", "zh": "zho_Hans"}), ("m2m", {"es": "__es__", "zh": "__zh__"})]
)
def test_the_language_of_a_sentence_is_set(folders: dict[str, Path], name: str, codes: dict[str, str]) -> None:
    encoder, (_, tokenizer) = _encoder(folders[name]), loaded(folders[name])
    before = tokenizer.src_lang
    for language, code in codes.items():
        (text,) = WordByWordTokenizer(tokenizer)([sentence("the", language)])
        assert tokenizer.convert_ids_to_tokens(list(text.head)) == [code]
    assert tokenizer.src_lang == before
    with pytest.raises(ValidationError, match="does not know the language 'pcm'"):
        encode(encoder, "the", "pcm")
    assert encode(_encoder(folders["bert"]), "the", "pcm").words.tolist() == [0]


@pytest.mark.parametrize("name", ["nllb", "m2m", "mt5"])
def test_one_loaded_model_translates_and_aligns(folders: dict[str, Path], name: str) -> None:
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folders[name]).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders[name])
    batch = tokenizer("the red cat", return_tensors="pt")
    before = model.generate(**batch, max_new_tokens=4)
    encoder = HfEncoder(model, tokenizer, layer=1)
    assert EncoderAligner(encoder, "inter").align([pair("the red cat", "the red cat")])[0].links
    assert torch.equal(model.generate(**batch, max_new_tokens=4), before)
    assert np.abs(vectors(encode(encoder, "the cat")) - Plain(folders[name]).vectors(["the", "cat"], 1)).max() < 1e-4
    assert HfEncoder(model, tokenizer).options.layer == LAYERS


@pytest.mark.parametrize("name", ["marian", "m2m100", "nllb", "madlad"])
def test_the_translators_are_aligners_too(name: str, tmp_path: Path) -> None:
    folder = BUILDERS[name](tmp_path / name)
    words = ["Ana", "Pardo", "vive", "en", "Vigo", "."]
    aligner = load("aligner", f"hf:{folder}?layer=1")
    (found,) = aligner.align([Pair(sentence(words, "gl"), sentence(words, "en"))])
    assert set(found.links) <= {(i, j) for i in range(6) for j in range(6)}
    encoder = HfEncoder(str(folder), layer=1)
    (states,) = encoder.encode([sentence(words, "gl")])
    assert states.words.tolist() == list(range(6))
    whole = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    (text,) = WordByWordTokenizer(load_tokenizer(str(folder)))([sentence(words, "gl")])
    ids = torch.tensor([text.sequence()])
    with torch.no_grad():
        plain = whole.get_encoder()(ids, output_hidden_states=True).hidden_states[1][0, len(text.head) :].numpy()
    first = plain[: text.counts[0]].mean(axis=0)
    assert np.abs(vectors(states)[0] - first).max() < 1e-4


def test_a_sentence_encoder_is_read_as_words(tmp_path: Path) -> None:
    """LaBSE: BERT with a pooler, and folders of later modules, in the format of sentence-transformers."""
    MAKERS["bert"](tmp_path)
    config = transformers.BertConfig.from_pretrained(tmp_path)
    torch.manual_seed(1)
    model = transformers.BertModel(config).eval()
    model.save_pretrained(tmp_path)
    (tmp_path / "modules.json").write_text('[{"idx": 0, "path": "", "type": "Transformer"}]', encoding="utf-8")
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "2_Dense" / "model.safetensors").write_bytes(b"of another module")
    words = ["the", "red", "cat"]
    found = vectors(encode(HfEncoder(str(tmp_path), layer=2), words))
    assert np.abs(found - Plain(tmp_path).vectors(words, 2)).max() < 1e-4


def test_the_python_of_the_docs(folders: dict[str, Path]) -> None:
    page = Path(__file__).parent.parent / "docs" / "alignment.md"
    codes = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {
        "model": transformers.AutoModelForSeq2SeqLM.from_pretrained(folders["nllb"]),
        "tokenizer": transformers.AutoTokenizer.from_pretrained(folders["nllb"]),
    }
    (code,) = (code for code in codes if "HfEncoder" in code)
    exec(code.replace("layer=12", "layer=2"), names)
    assert names["aligner"].align([pair("the cat", "the cat")])[0].links
    (code,) = (code for code in codes if "SimAligner" in code)
    exec(code.replace("layer=8", "layer=2").replace("bert-base-multilingual-cased", str(folders["bert"])), names)
    for aligner in (names["by_word"], *names["by_subword"]):
        assert aligner.align([pair("the cat", "the cat")])[0].links


# --- Aligners ---


def states_of(folder: Path, words: Sequence[str], layer: int) -> tuple[np.ndarray, np.ndarray]:
    """The states of all sub-words, and the word of each sub-word."""
    plain = Plain(folder)
    owners = np.repeat(np.arange(len(words)), [len(p) for p in plain.pieces(words)])
    encoder = HfEncoder(str(folder), layer=layer, pool="subword")
    return vectors(encode(encoder, words)), owners


def test_simalign_links_words_by_any_of_their_sub_words(folders: dict[str, Path]) -> None:
    p = pair("the cats bluer zoo a", "a red cats house abc")
    assert p.source is not None
    x, of_x = states_of(folders["bert"], p.source.tokens, 2)
    y, of_y = states_of(folders["bert"], p.target.tokens, 2)
    cosines = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ (y / np.linalg.norm(y, axis=1, keepdims=True)).T
    links = {(int(of_x[i]), int(of_y[j])) for i, j in np.argwhere(itermax(cosines.round(5)))}
    (alignment,) = load("aligner", f"simalign?layer=2&model={folders['bert']}").align([p])
    assert set(alignment.links) == links
    assert alignment.weights is not None
    best = [cosines[np.ix_(of_x == i, of_y == j)].max() for i, j in alignment.links]
    assert list(alignment.weights) == pytest.approx(best, abs=2e-5)


def test_awesome_is_the_softmax_of_dot_products(folders: dict[str, Path]) -> None:
    p = pair("the cats bluer zoo a", "a red cats house abc")
    assert p.source is not None
    x, of_x = states_of(folders["bert"], p.source.tokens, 2)
    y, of_y = states_of(folders["bert"], p.target.tokens, 2)
    links = {(int(of_x[i]), int(of_y[j])) for i, j in np.argwhere(softmax(x @ y.T, threshold=1e-3).links)}
    aligner = load("aligner", f"awesome:softmax?layer=2&model={folders['bert']}")
    assert set(aligner.align([p])[0].links) == links
    with_option = load("aligner", f"awesome?temperature=0.5&layer=2&model={folders['bert']}")
    assert "temperature=0.5" in with_option.fingerprint


def test_the_fingerprint_depends_on_options_that_change_results(folders: dict[str, Path]) -> None:
    def fingerprint(options: str = "", name: str = "bert") -> str:
        found: str = load("aligner", f"hf:{folders[name]}?{options}").fingerprint
        return found

    assert fingerprint().startswith("hf:itermax?layer=2&pool=mean&prefix=&dtype=float32&model=")
    assert fingerprint() == fingerprint("batch_tokens=7&threads=1") == fingerprint("layer=2")
    variants = ["", "layer=1", "pool=first", "prefix=the", "dtype=bfloat16", "decoder=inter", "similarity=true"]
    assert len({fingerprint(v) for v in variants} | {fingerprint(name="albert")}) == len(variants) + 1
    m2m = HfEncoder(*loaded(folders["m2m"]), layer=3)
    before = m2m.fingerprint
    encode(m2m, "the", "es")
    assert (
        HfEncoder(*loaded(folders["m2m"]), layer=3).fingerprint == before == HfEncoder(str(folders["m2m"])).fingerprint
    )


@pytest.mark.parametrize("spec", ["hf:{}?layer=1", "simalign?layer=1&model={}", "awesome?layer=1&model={}"])
def test_aligners_pickle_without_their_model(folders: dict[str, Path], spec: str) -> None:
    aligner, pairs = load("aligner", spec.format(folders["bert"])), [pair("the red cat", "a blue zoo cats")]
    pickled = pickle.dumps(aligner)
    again = pickle.loads(pickled)
    assert len(pickled) < 2000
    assert again.fingerprint == aligner.fingerprint
    assert again.align(pairs) == aligner.align(pairs)


def test_an_encoder_of_a_loaded_model_pickles_with_it(folders: dict[str, Path]) -> None:
    encoder = HfEncoder(*loaded(folders["nllb"]), layer=1)
    again = pickle.loads(pickle.dumps(encoder))
    assert again.fingerprint == encoder.fingerprint
    assert np.array_equal(vectors(encode(again, "the cat")), vectors(encode(encoder, "the cat")))


def test_half_precision_is_near(folders: dict[str, Path]) -> None:
    whole = encode(HfEncoder(str(folders["bert"])), "the red cat")
    half = encode(HfEncoder(str(folders["bert"]), dtype="bfloat16"), "the red cat")
    assert half.rows.dtype == np.float32
    assert np.abs(whole.rows - half.rows).max() < 0.1


@pytest.mark.parametrize("decoder", ["inter", "itermax", "softmax"])
def test_links_do_not_depend_on_the_batch(folders: dict[str, Path], decoder: str) -> None:
    rng = np.random.default_rng(3)
    words = [*WORDS, "cats", "zoo", "\u200b"]
    pairs = [
        pair(rng.choice(words, a).tolist(), rng.choice(words, b).tolist()) for a, b in rng.integers(0, 15, (60, 2))
    ]
    aligner = EncoderAligner(_encoder(folders["xlm_roberta"]), decoder)
    assert [a.links for a in aligner.align(pairs)] == [aligner.align([p])[0].links for p in pairs]


# --- Errors ---


def test_a_name_is_asked_of_the_hub(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def from_hub(name: str, *, revision: str | None) -> Path:
        asked.append(name if revision is None else f"{name}@{revision}")
        return folders["bert"]

    monkeypatch.setattr(_hf_load, "model_folder", from_hub)
    links = HfAligner("some/model", layer=2).align([pair("the cat", "the cat")])[0].links
    assert links == ((0, 0), (1, 1))
    assert set(asked) == {"some/model"}
    assert load("aligner", "simalign?layer=2").align([pair("the cat", "the cat")])[0].links == links
    assert asked[-1] == "bert-base-multilingual-cased"
    for name in ("simalign", "awesome", "hf:some/model"):
        load("aligner", f"{name}?layer=2&revision=v1")
        assert asked[-1].endswith("@v1")


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "a/b/c"])
def test_a_folder_that_is_not_there(name: str) -> None:
    with pytest.raises(BackendError, match="does not exist; give a folder"):
        HfEncoder(name)


def test_damaged_folders(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cannot be"):
        HfEncoder(str(tmp_path))
    for number, (file, text, message) in enumerate(
        [
            ("tokenizer.json", None, "has no tokenizer"),
            ("tokenizer.json", "{", "the tokenizer in .* cannot be read"),
            ("model.safetensors", None, "cannot be loaded as an encoder"),
            ("model.safetensors", "nothing", "cannot be loaded as an encoder"),
            ("config.json", "[", "cannot be"),
        ]
    ):
        broken = tmp_path / str(number)
        shutil.copytree(folders["bert"], broken)
        (broken / file).unlink()
        if text is not None:
            (broken / file).write_text(text)
        else:
            (broken / "vocab.txt").unlink()
        with pytest.raises(BackendError, match=message):
            HfEncoder(str(broken))


def test_missing_weights_are_an_error(folders: dict[str, Path], tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    broken = tmp_path / "broken"
    shutil.copytree(folders["bert"], broken)
    weights = load_file(broken / "model.safetensors")
    del weights["encoder.layer.0.output.dense.bias"]
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(BackendError, match=r"no weights for encoder\.layer\.0\.output\.dense\.bias"):
        HfEncoder(str(broken))


def test_bad_options(folders: dict[str, Path]) -> None:
    bert = str(folders["bert"])
    for options, message in [
        ({"layer": 4}, "no layer 4; give layer=K, with K from 0 to 3"),
        ({"layer": -1}, "no layer -1"),
    ]:
        with pytest.raises((UsageError, ValidationError), match=message):
            HfEncoder(bert, **options)
    for options, message in [({"batch_tokens": 0}, "at least 1"), ({"threads": 0}, "at least 1")]:
        with pytest.raises(UsageError, match=message):
            HfEncoder(bert, **options)
    for options, message in [
        ({"pool": "last"}, "unknown pool 'last'; known: mean, first, subword"),
        ({"device": "toaster"}, "unknown device"),
        ({"dtype": "int8"}, "unknown precision 'int8'"),
    ]:
        with pytest.raises(UnknownNameError, match=message):
            HfEncoder(bert, **options)
    with pytest.raises(UsageError, match="needs its tokenizer"):
        HfEncoder(object())
    with pytest.raises(UnknownNameError, match="itermix"):
        HfAligner("nowhere", decoder="itermix")
    with pytest.raises(BackendError, match="write hf:NAME or hf:FOLDER"):
        load("aligner", "hf")


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for spec in ("hf:some/model", "simalign", "awesome"):
        with pytest.raises(MissingExtraError, match=rf"(?i)(py)?{package} is not installed; pip install 'xlner\[hf\]'"):
            load("aligner", spec)


def test_the_encoder_protocol(folders: dict[str, Path]) -> None:
    assert isinstance(_encoder(folders["bert"]), Encoder)
    assert Subwords.of([], [], []).ids == []
    assert set("".join(WORDS)) <= set(LETTERS)


def test_words_of_scripts_without_spaces_are_read_without_a_lone_mark(folders: dict[str, Path]) -> None:
    _, tokenizer = loaded(folders["xlm_roberta"])
    mark = tokenizer.get_vocab()["▁"]
    (text,) = WordByWordTokenizer(tokenizer)([sentence(["日", "x日"])])
    assert text.ids[0] != mark
    assert text.counts[0] == 1
    assert tokenizer("日", add_special_tokens=False)["input_ids"][0] == mark
