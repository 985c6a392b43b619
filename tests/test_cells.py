"""Lines with tabs are rows of a table, and each cell is labeled by itself."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, Entity, Pair, Pipeline, Sentence
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner
from xlner.pipeline import RecognitionPipeline
from xlner.pipeline.cells import by_cell
from xlner.transfer import Ensemble

NAMES = {"Ana": "PER", "Vigo": "LOC"}


class Reader(DictionaryRecognizer):
    """Remembers what it read."""

    def __init__(self) -> None:
        super().__init__(NAMES)
        self.texts: list[str | None] = []

    def recognize(self, sentences: list[Sentence]) -> list[list[Entity]]:  # type: ignore[override]
        self.texts += [s.text for s in sentences]
        return super().recognize(sentences)


def projecting(recognizer: Reader) -> Pipeline:
    return Pipeline(EchoTranslator(), recognizer, OracleAligner(), "exact", target_lang="gl", on_warning=None)


def test_models_read_cells_and_results_are_rows() -> None:
    recognizer = Reader()
    sentence = Sentence.from_text("\tNome:\tAna\t\tCidade: Vigo \t", language="gl", id="7")
    (pair,) = projecting(recognizer).run([sentence])
    assert sorted(map(str, recognizer.texts)) == ["Ana", "Cidade: Vigo", "Nome:"]
    assert pair.target == sentence
    assert [(pair.labeled.surface(e), e.label) for e in pair.labeled.entities] == [("Ana", "PER"), ("Vigo", "LOC")]
    source = pair.require_source()
    assert source.text == "Nome:\tAna\tCidade: Vigo"
    assert [source.surface(e) for e in source.entities] == ["Ana", "Vigo"]
    assert pair.require_alignment().links == tuple((k, k) for k in range(2, 6))
    outcomes = pair.require_projection().outcomes
    assert [o.entity.span for o in outcomes] == [(2, 3), (5, 6)]
    assert [o.projected[0].span for o in outcomes] == [(2, 3), (5, 6)]


def test_recognition_and_ensembles_read_cells() -> None:
    recognizer = Reader()
    (pair,) = RecognitionPipeline(recognizer, lang="gl").run_texts(["Ana\tVigo"])
    assert recognizer.texts == ["Ana", "Vigo"]
    assert pair.labeled.tags() == ["B-PER", "B-LOC"]
    member = Reader()
    (pair,) = Ensemble(projecting(Reader()), [member]).run_texts(["Ana\tVigo"])
    assert member.texts == ["Ana", "Vigo"]
    assert pair.labeled.tags() == ["B-PER", "B-LOC"]


def test_a_cell_that_fails_costs_no_other() -> None:
    pipeline = Pipeline(EchoTranslator(fail_on="mal"), Reader(), OracleAligner(), target_lang="gl", on_warning=None)
    bad, good = pipeline.run_texts(["Ana\tmal\tVigo", "Vigo"])
    assert str(bad.error).startswith("cell 2 of 3: translator: ")
    assert bad.target.text == "Ana\tmal\tVigo"
    assert bad.labeled.tags() == ["B-PER", "O", "B-LOC"]
    assert bad.require_source().text == "Ana\tVigo"
    assert bad.require_alignment().links == ((0, 0), (1, 2))
    assert good.labeled.tags() == ["B-LOC"]


def test_translate_writes_no_part_of_a_row_as_the_row(tmp_path: Path, xlner: Command) -> None:
    (tmp_path / "in.txt").write_text("Ana\tmal\tVigo\nVigo\tAna\n", encoding="utf-8")
    ran = xlner("translate", str(tmp_path / "in.txt"), "--from", "gl", "--to", "en", "--translator", "echo?fail_on=mal")
    assert ran.out == "\nVigo\tAna\n"
    assert "1 of 2 sentences failed; sentence 1: cell 2 of 3" in ran.err


def test_cells_keep_the_entities_of_the_target() -> None:
    pipeline = Pipeline(EchoTranslator(), Reader(), OracleAligner(), "ner-candidates", target_lang="gl")
    row = Sentence.from_text("Nome\tAna\ten Vigo")
    row = row.with_entities([Entity(1, 2, "PER"), Entity(3, 4, "LOC")])
    (pair,) = pipeline.run([row])
    assert pair.labeled.tags() == ["O", "B-PER", "O", "B-LOC"]


def test_a_row_that_failed_before_is_not_cut() -> None:
    row = Pair(Sentence.from_text("Ana\tVigo"), error="no")
    read: list[object] = []
    assert list(by_cell([row], lambda cells: (read.append(cell) or cell for cell in cells))) == [row]  # type: ignore
    assert read == [row]


def test_pairs_with_a_source_stay_whole() -> None:
    row = Pair(Sentence.from_text("Ana\tVigo"), Sentence(("Ana", "Vigo")), Alignment(((0, 0),)))
    assert list(by_cell([row], lambda items: (item for item in items if isinstance(item, Pair)))) == [row]


@given(st.lists(st.lists(st.sampled_from(["", "Ana", "en Vigo", "x, y"]), min_size=1, max_size=4), max_size=5))
def test_rows_keep_their_words_and_order(rows: list[list[str]]) -> None:
    texts = ["\t".join(cells) for cells in rows]
    made = list(projecting(Reader()).run_texts(texts))
    assert [pair.target.text for pair in made] == texts
    plain = projecting(Reader()).run_texts([text.replace("\t", " ") for text in texts])
    assert [pair.labeled.tags() for pair in made] == [pair.labeled.tags() for pair in plain]
