from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, Entity, InputError, Outcome, Pair, Projection, Reason, Sentence, find_errors, write_pairs
from xlner.core.palette import COLORS, DARK, FIXED_LABELS, LIGHT
from xlner.report import RunFacts, read_results, write_page
from xlner.report.json_text import json_text
from xlner.report.records import detail_record, is_right_to_left
from xlner.report.sample import RecordSample
from xlner.report.shown import ShownSentence

HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> \u202eVigo\u202c \u2028 & \"'` <!--"


def page_pairs() -> list[Pair]:
    """A projected pair with a dropped entity and a warning, a failed one, and one without words."""
    ana, vigo, un = Entity(0, 2, "PER", 0.9), Entity(4, 5, "LOC", 0.8), Entity(6, 7, "ORG")
    source = Sentence(
        ("Ana", "Pardo", "lives", "in", "Vigo", ",", "UN"),
        (ana, vigo, un),
        language="en",
        meta={"translation_warnings": ["too-long"]},
    )
    target = Sentence.from_text("Ana Pardo vive 😀 en Vigo.", language="es")
    found = (Entity(0, 2, "PER", 0.95), Entity(5, 6, "LOC", 0.4))
    outcomes = (
        Outcome(ana, found[:1], scores={"alignment": 0.75}),
        Outcome(vigo, found[1:], scores={"alignment": 0.5}),
        Outcome(un, reason=Reason.UNALIGNED),
    )
    links = Alignment(((0, 0), (1, 1), (2, 2), (4, 5)))
    return [
        Pair(target, source, links, Projection(target.with_entities(found), outcomes)),
        Pair(Sentence.from_text(HOSTILE, language="gl"), error="translator: <b>no</b> answer"),
        Pair(Sentence(())),
    ]


def unpacked(page: str, name: str) -> list[Any]:
    """The records of a page, as its script reads them."""
    chunks = re.findall(rf'<script type="text/plain" data-chunk="{name}">([A-Za-z0-9+/=]*)</script>', page)
    return [r for c in chunks for r in json.loads(zlib.decompress(base64.b64decode(c), -15))]


def written(tmp_path: Path, items: Any, **options: Any) -> str:
    path = tmp_path / "page.html"
    write_page(items, path, **options)
    return path.read_text(encoding="utf-8")


def test_a_page_has_every_sentence_once_in_order(tmp_path: Path) -> None:
    page = written(tmp_path, [*page_pairs(), InputError("not JSON", line=4)])
    index, details = unpacked(page, "index"), unpacked(page, "details")
    assert [row[0] for row in index] == [1, 2, 3, 4]
    assert index[0][1] == "Ana Pardo vive 😀 en Vigo."
    assert index[0][2] == "Ana Pardo lives in Vigo, UN"
    assert index[0][4:] == [[0.95, 0.4], 7]
    assert index[1][1] == HOSTILE
    assert details[1]["error"] == "translator: <b>no</b> answer"
    assert details[2]["target"]["words"] == []
    assert details[3]["error"] == "line 4: not JSON"
    assert details[0]["links"] == [0, 0, 1, 1, 2, 2, 4, 5]
    assert details[0]["outcomes"][2] == {"entity": [6, 7, "ORG"], "reason": "unaligned"}
    assert details[0]["outcomes"][0]["scores"] == {"alignment": 0.75}
    assert details[0]["warnings"] == ["too-long"]


def test_the_summary_counts_what_the_page_shows(tmp_path: Path) -> None:
    facts = RunFacts("xlner label", "xlner 0.1|multilingual?weights=1|greedy", 'lang = "es"\n', "runs/es")
    (summary,) = unpacked(written(tmp_path, page_pairs(), title="es.jsonl", facts=facts), "summary")
    assert summary["counts"] == {
        **{"sentences": 3, "words": 7 + len(Sentence.from_text(HOSTILE)), "entities": 2, "source_entities": 3},
        **{"failed": 1, "links": 4, "warned": 1},
    }
    assert summary["labels"] == [["LOC", 1, 1, 1], ["PER", 1, 1, 1], ["ORG", 0, 1, 0]]
    assert summary["reasons"] == [["unaligned", 1]]
    assert summary["warnings"] == [["too-long", 1]]
    assert sum(count for count, _ in summary["confidences"]) == 2
    assert summary["confidences"][8][0] == summary["confidences"][19][0] == 1
    assert summary["lengths"][0] == ["0 to 4", 1, 0, 0]
    assert summary["lengths"][1] == ["5 to 9", 1, 3, 2]
    assert dict(map(tuple, summary["ratios"]))["0.95 to 1.05"] == 1
    assert dict(map(tuple, summary["about"]))["Models and licenses"] == [["recognizer multilingual", "CC BY-SA 4.0"]]
    assert dict(map(tuple, summary["about"]))["Config"] == [["lang", '"es"']]
    assert re.fullmatch(r"sentences:3\|data:\w{12}\|xlner:.*", summary["signature"])
    facets = {(kind, value): count for kind, value, count in summary["facets"]}
    assert facets["label", "ORG"] == 1
    assert facets["state", "without entities"] == 2


def test_with_gold_the_page_has_the_errors_of_find_errors(tmp_path: Path) -> None:
    pairs = page_pairs()
    words = pairs[0].target
    gold = [words.with_entities([Entity(0, 1, "PER"), Entity(5, 6, "LOC")]), pairs[1].target]
    page = written(tmp_path, pairs, gold=gold)
    (summary,), details = unpacked(page, "summary"), unpacked(page, "details")
    report = find_errors(gold, pairs)
    shown = [error for record in details for error in record.get("errors", ())]
    assert [(e["kind"], e["stage"], e["why"]) for e in shown] == [
        (e.kind, e.stage, e.attribution.why) for e in report.errors if e.attribution
    ]
    assert len(shown) == 1
    assert summary["scores"]["f1"] == report.counts.f1 == 0.5
    (kind, errors), *_ = report.by_kind().items()
    assert summary["gains"] == [[kind, pytest.approx(report.gain(errors))]]
    assert [record.get("gold") for record in details] == [[[0, 1, "PER"], [5, 6, "LOC"]], [], None]
    assert summary["confidences"][19] == [1, 0]
    assert summary["confidences"][8] == [1, 1]


def test_gold_with_other_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="word 1 is 'Lugo'"):
        written(tmp_path, [Sentence(("Vigo",))], gold=[Sentence(("Lugo",))])
    assert not (tmp_path / "page.html").exists()


def test_the_policy_allows_the_script_and_the_style_of_the_page_and_nothing_else(tmp_path: Path) -> None:
    page = written(tmp_path, page_pairs(), title="<b>es</b>")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert policy.replace("&#x27;", "'") == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert "<title>&lt;b&gt;es&lt;/b&gt;</title>" in page
    assert not re.search(r"\son\w+=|style=|<b>|alert\(1\)|https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", page)


def test_labels_have_the_same_colors_on_pages_as_everywhere(tmp_path: Path) -> None:
    folder = Path(write_page.__code__.co_filename).parent / "page"
    script = (folder / "facets.js").read_text(encoding="utf-8")
    page = written(tmp_path, [])
    assert re.findall(r"^\.color-(\d+) \{ --color: (#\w+); \}$", page, re.MULTILINE) == [
        (str(number), color) for number, color in enumerate(COLORS)
    ]
    assert f"--first: light-dark({LIGHT.first}, {DARK.first});" in page
    assert "#" not in re.sub("#[a-z-]+ ", "", (folder / "page.css").read_text(encoding="utf-8"))
    assert f"const FIXED_COLORS = {json.dumps(FIXED_LABELS)};\nconst COLORS = {len(COLORS)};\n" in script


def test_no_name_of_the_script_is_used_twice() -> None:
    folder = Path(__file__).parent.parent / "src/xlner/report/page"
    names = [
        n
        for p in folder.glob("*.js")
        for n in re.findall(r"^(?:async )?(?:function|const|let) (\w+)", p.read_text(), re.M)
    ]
    assert len(names) == len(set(names))


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=6),
    st.text(" \u3000😀", max_size=2),
)
def test_words_lie_in_utf_16_where_they_lie_in_the_text(words: list[str], gap: str) -> None:
    text, offsets = "", []
    for word in words:
        text += gap
        offsets.append((len(text), len(text) + len(word)))
        text += word
    sentence = Sentence(tuple(words), (), text, tuple(offsets))
    gaps = detail_record(ShownSentence(1, Pair(sentence)))["target"]["words"]
    units, position, found = text.encode("utf-16-le"), 0, []
    for before, size in zip(gaps[::2], gaps[1::2], strict=True):
        position += before
        found.append(units[2 * position : 2 * (position + size)].decode("utf-16-le"))
        position += size
    assert found == words


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists))
def test_json_is_read_back_the_same(value: Any) -> None:
    assert json.loads(json_text(value).encode()) == value


def test_the_direction_is_that_of_most_letters() -> None:
    assert is_right_to_left("IBM تفتح مكتبا في القاهرة")
    assert not is_right_to_left("Ana dijo سلام")
    assert not is_right_to_left("123 😀")


@pytest.mark.parametrize("most", [1, 7, 20, 30])
def test_a_sample_has_as_many_as_wanted_in_their_order(most: int) -> None:
    with RecordSample(most, seed=3) as sample:
        for number in range(20):
            sample.add(f"{number:02}".encode())
        found = [int(record) for record in sample]
        assert len(found) == len(sample) == min(most, 20)
    assert found == sorted(set(found))


def test_a_sample_is_uniform() -> None:
    counts = [0] * 10
    for seed in range(400):
        with RecordSample(3, seed) as sample:
            for number in range(10):
                sample.add(b"%d" % number)
            for record in sample:
                counts[int(record)] += 1
    assert all(80 < count < 165 for count in counts)  # 120 each; the standard deviation is 9


def test_of_many_sentences_the_page_lists_a_sample_and_counts_all(tmp_path: Path) -> None:
    sentences = (Sentence((f"w{k}",), (Entity(0, 1, "LOC"),)) for k in range(50))
    page = written(tmp_path, sentences, most=10)
    (summary,) = unpacked(page, "summary")
    assert (summary["shown"], summary["counts"]["sentences"], summary["counts"]["entities"]) == (10, 50, 50)
    assert [row[1] for row in unpacked(page, "index")] == [f"w{row[0] - 1}" for row in unpacked(page, "index")]


def test_view_shows_a_run_a_file_of_pairs_and_a_labeled_file(xlner: Command, tmp_path: Path, fakes: list[str]) -> None:
    text = tmp_path / "in.txt"
    text.write_text("Ana Pardo en Vigo.\nNada.\n", encoding="utf-8")
    ran = xlner("label", text, "--lang", "es", *fakes, "--run-dir", tmp_path / "run", "-o", tmp_path / "es.jsonl")
    assert ran.code == 0, ran.err
    ran = xlner("view", tmp_path / "run")
    assert (ran.code, ran.err) == (0, f"xlner: 2 sentences; the page is {tmp_path / 'run.html'}\n")
    (summary,) = unpacked((tmp_path / "run.html").read_text(encoding="utf-8"), "summary")
    about = dict(map(tuple, summary["about"]))
    assert ["command", "xlner label"] in about["Run"]
    assert ["lang", '"es"'] in about["Config"]
    assert any("gazetteer" in stage for _, stage in about["Stages"])
    assert xlner("view", tmp_path / "es.jsonl").code == 0
    from_file = (tmp_path / "es.html").read_text(encoding="utf-8")
    assert unpacked(from_file, "details") == unpacked((tmp_path / "run.html").read_text(encoding="utf-8"), "details")
    labeled = tmp_path / "gold.conll"
    labeled.write_text("Ana B-PER\nPardo I-PER\nen O\nVigo B-ORG\n. O\n\nNada O\n. O\n", encoding="utf-8")
    ran = xlner("view", labeled, "-o", tmp_path / "gold.html")
    assert ran.code == 0
    ran = xlner("view", tmp_path / "es.jsonl", "--gold", labeled, "-o", "-")
    assert unpacked(ran.out, "summary")[0]["kinds"] == [["type", "recognition", 1]]


def test_view_refuses_names_of_other_formats(xlner: Command, tmp_path: Path) -> None:
    write_pairs(page_pairs(), tmp_path / "es.jsonl")
    for suffix in ("PDF", "conllu", "parquet", "txt"):
        ran = xlner("view", tmp_path / "es.jsonl", "-o", tmp_path / f"page.{suffix}")
        assert (ran.code, f"HTML, not {suffix.upper()}; name it with -o FILE.html" in ran.err) == (2, True)
    assert "the page is" in xlner("view", tmp_path / "es.jsonl", "-o", tmp_path / "page").err


def test_view_of_a_file_with_a_damaged_line(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "es.jsonl"
    write_pairs(page_pairs(), path)
    path.write_text(path.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    ran = xlner("view", path)
    assert ran.code == 1
    assert ran.err.endswith(f"4 sentences, 2 with an error; the page is {tmp_path / 'es.html'}\n")
    assert [row[0] for row in unpacked((tmp_path / "es.html").read_text(encoding="utf-8"), "index")] == [1, 2, 3, 4]


def test_view_names_both_files_where_their_words_differ(xlner: Command, tmp_path: Path) -> None:
    for name, word in (("gold", "Lugo"), ("found", "Vigo")):
        (tmp_path / f"{name}.conll").write_text(f"{word} B-LOC\n", encoding="utf-8")
    ran = xlner("view", tmp_path / "found.conll", "--gold", tmp_path / "gold.conll")
    assert (ran.code, f"{tmp_path}/gold.conll:1 and {tmp_path}/found.conll:1 (sentence 1): word 1" in ran.err) == (
        2,
        True,
    )


def test_view_refuses_what_is_no_run_and_what_it_would_replace(xlner: Command, tmp_path: Path) -> None:
    ran = xlner("view", tmp_path)
    assert (ran.code, "is not the folder of a run" in ran.err) == (2, True)
    path = tmp_path / "a.jsonl"
    write_pairs(page_pairs(), path)
    assert "would replace its own input" in xlner("view", path, "-o", path).err
    assert "name it with -o" in xlner("view", "-").err
    ran = xlner("view", tmp_path / "none.jsonl")
    assert (ran.code, "none.jsonl: cannot be read" in ran.err) == (2, True)


def test_view_replaces_its_own_page_and_no_other_file_that_nobody_named(xlner: Command, tmp_path: Path) -> None:
    path, page = tmp_path / "a.jsonl", tmp_path / "a.html"
    write_pairs(page_pairs()[:1], path)
    page.write_text("<p>mine", encoding="utf-8")
    ran = xlner("view", path)
    assert (ran.code, "a.html: exists already, and is not a page of xlner" in ran.err) == (2, True)
    assert page.read_text(encoding="utf-8") == "<p>mine"
    assert xlner("view", path, "-o", page).code == 0
    assert xlner("view", path).code == 0


def test_the_license_of_a_hub_model_is_that_of_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nlanguage: es\nlicense: apache-2.0\n---\n", encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda name, _: str(card) if "/ner" in name else None)
    facts = RunFacts(pipeline="hf?model=ana/ner&device=cpu|hf?model=ana/other")
    assert facts.models() == [("ana/ner", "apache-2.0"), ("ana/other", "see its model card")]


def test_read_results_reads_labels_of_any_format(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Vigo B-LOC\n", encoding="utf-8")
    (sentence,) = read_results(path, scheme="IOB2")
    assert isinstance(sentence, Sentence)
    assert sentence.tags() == ["B-LOC"]


def spans(words: int) -> list[tuple[int, int]]:
    """All spans of a sentence."""
    return [(start, end) for start in range(words) for end in range(start + 1, words + 1)]


def test_plain_text_has_nothing_to_view(xlner: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ana vive en Vigo.\n")
    ran = xlner("view", tmp_path / "a.txt")
    assert (ran.code, "a.txt is plain text, without labels; label it first: xlner label " in ran.err) == (2, True)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]
