"""Windows that are translated while other stages work on the window before."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import pytest

from xlner import Alignment, InputError, Pair, Pipeline, Sentence
from xlner.engines import windows
from xlner.engines.windows import processed
from xlner.errors import BackendError, StoppedError
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner

WINDOW = 40
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW", WINDOW)


class External(EchoTranslator):
    """A translator elsewhere, which says when it translates the first sentence of a window."""

    is_external = True

    def __init__(self, stop_at: str | None = None) -> None:
        super().__init__(fail_on="broken")
        self.seen: list[str] = []
        self.second = threading.Event()
        self.stop_at, self.stopped = stop_at, False
        self.inside = 0

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.inside += 1
        assert self.inside == 1, "two windows are translated at once"
        self.seen += texts
        if any(f"s{WINDOW}" in text.split() for text in texts):
            self.second.set()
        self.stopped = self.stopped or any(self.stop_at in text.split() for text in texts if self.stop_at)
        self.inside -= 1
        return super().translate(texts, from_lang=from_lang, to_lang=to_lang)

    def check_stopped(self) -> None:
        if self.stopped:
            self.stopped = False
            raise StoppedError("enough")


class Waiting(OracleAligner):
    """An aligner that waits for the translation of the second window, as only a pipeline with overlap can."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self.event = event
        self.waited = False

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        self.waited = self.event.wait(PATIENCE)
        return super().align(pairs)


def pipeline(translator: EchoTranslator, aligner: OracleAligner | None = None) -> Pipeline:
    recognizer = DictionaryRecognizer({"Vigo": "LOC"})
    return Pipeline(translator, recognizer, aligner or OracleAligner(), "greedy", target_lang="gl")


def items(count: int) -> Iterator[Pair | InputError]:
    for k in range(count):
        text = f"s{k} en Vigo{' broken' * (k % 31 == 3)}"
        yield InputError("unreadable", sentence=k + 1) if k % 43 == 5 else Pair(Sentence.from_text(text))


def test_the_next_window_is_translated_while_other_stages_work() -> None:
    translator = External()
    aligner = Waiting(translator.second)
    made = list(processed(pipeline(translator, aligner), items(2 * WINDOW + 10)))
    assert aligner.waited
    assert made == list(processed(pipeline(EchoTranslator(fail_on="broken")), items(2 * WINDOW + 10)))
    assert [text.split()[0] for text in translator.seen if "broken" not in text][:3] == ["s0", "s1", "s2"]


def taken(pairs: Iterable[Pair]) -> tuple[list[Pair], str]:
    found = []
    try:
        for pair in pairs:
            found.append(pair)
    except (BackendError, StoppedError, InputError) as error:
        return found, str(error)
    return found, ""


def test_a_translator_that_stops_ends_the_run_after_its_window() -> None:
    made, said = taken(processed(pipeline(External(f"s{WINDOW + 7}")), items(4 * WINDOW)))
    assert (len(made), said) == (2 * WINDOW, "enough")


def test_errors_of_reading_and_of_stages_come_in_their_place() -> None:
    def broken_off() -> Iterator[Pair | InputError]:
        yield from items(WINDOW + 5)
        raise InputError("no more", path="in.txt", line=9)

    made, said = taken(processed(pipeline(External()), broken_off()))
    plain, same = taken(processed(pipeline(EchoTranslator(fail_on="broken")), broken_off()))
    assert (made, said) == (plain, same)
    assert (len(made), said) == (WINDOW, "in.txt:9: no more")

    class Failing(OracleAligner):
        def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
            raise BackendError("no model")

    assert taken(processed(pipeline(External(), Failing()), items(3 * WINDOW))) == ([], "no model")


def test_a_run_that_ends_early_leaves_no_thread() -> None:
    before = threading.active_count()
    translator = External()
    running = processed(pipeline(translator), items(50 * WINDOW))
    next(running)
    assert threading.active_count() > before
    running.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    assert len(translator.seen) < 10 * WINDOW


def test_a_small_window_gives_results_before_more_is_read() -> None:
    read = []

    def read_one_by_one() -> Iterator[Pair]:
        for k in range(2 * WINDOW):
            read.append(k)
            yield Pair(Sentence.from_text(f"s{k} en Vigo"))

    stages = External(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), "greedy"
    made = processed(Pipeline(*stages, target_lang="gl", window=3), read_one_by_one())
    next(iter(made))
    assert read == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1, WINDOW, 2 * WINDOW])
def test_every_sentence_comes_out_once(count: int) -> None:
    made = list(processed(pipeline(External()), items(count)))
    assert [p.target.tokens[:1] for p in made if p.target.tokens] == [(f"s{k}",) for k in range(count) if k % 43 != 5]
    assert len(made) == count
