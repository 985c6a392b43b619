"""The Apertium translator: on fake modes made of small Python programs, and on the real thing where it is installed."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Pair, Pipeline
from xlner.core import registry as _registry
from xlner.errors import BackendError, StageError, StoppedError, UnknownNameError, ValidationError
from xlner.fakes import DictionaryRecognizer
from xlner.stages import DirectedTranslator, LinkingTranslator, StartingTranslator, Translator
from xlner.text.verbatim import verbatim_spans
from xlner.translation.apertium import debian, stream
from xlner.translation.apertium.modes import Mode, stages
from xlner.translation.apertium.translator import ApertiumTranslator

# A stage that copies NUL-delimited messages; its last argument says what else it does.
STAGE = """\
import os, re, signal, sys, time
from pathlib import Path

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
here, act = Path(__file__).parent, sys.argv[-1]
with (here / "starts").open("a") as log:
    log.write(f"{os.getpid()} {' '.join(sys.argv[1:])}\\n")
if act == "dead":
    sys.exit("no dictionary")

def work(message):
    with (here / f"messages.{act}").open("ab") as log:
        log.write(message + b"\\0")
    if act == "upper":
        message = message.decode().upper().encode()
    if act == "reverse":
        text, end = re.fullmatch(rb"(?s)(.*)(\\.\\[\\d+\\]\\[\\n\\])", message).groups()
        message = b" ".join(reversed(text.split())) + end
    if act == "mark":
        message = b" ".join(b"*" + w if w.startswith(b"un") else w for w in message.split(b" "))
    if act == "noise":
        sys.stderr.write("warning " * 20000)
    if b"HANG" in message:
        time.sleep(60)
    if b"ENDLESS" in message:
        while True:
            sys.stdout.buffer.write(b"and so on " * 5000)
    if b"CHATTER" in message:
        while True:
            sys.stderr.write("and so on " * 5000)
    if b"AGAIN" in message or act == "twice":
        sys.stdout.buffer.write(message + b"\\0")
        sys.stdout.buffer.flush()
        time.sleep(0.1 * (b"LATE" in message))
    if b"NOISE" in message:
        sys.stdout.buffer.write(b"loading dictionary\\0")
    if b"UNSURE" in message:
        sys.stdout.buffer.write(message + b"\\0done\\n")
        sys.stdout.buffer.flush()
        return
    if b"BOOM" in message or (b"ONCE" in message and not (here / "fell").exists()):
        (here / "fell").touch()
        sys.stderr.write("panic\\nassertion failed\\n")
        sys.stderr.flush()
        os._exit(3)
    if b"SPLIT" in message:
        message = message.replace(b"SPLIT", b"\\0")
    sys.stdout.buffer.write(message + b"\\0")
    sys.stdout.buffer.flush()

partial = b""
while data := os.read(0, 1 << 16):
    *messages, partial = (partial + data).split(b"\\0")
    for message in messages:
        work(message)
"""


# A tagger that goes wrong for good once it has seen NEW, and says so before it answers; it also leads over the last
# word of a message to the next one, unless that one starts with a full stop.
TAGGER = """\
import os, sys, time
from pathlib import Path

with (Path(__file__).parent / "taggers").open("a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
spoiled, last, partial = False, "", b""
while data := os.read(0, 1 << 16):
    *messages, partial = (partial + data).split(b"\\0")
    for message in messages:
        text = message.decode()
        if text.startswith("^./.<sent>$"):
            text, last = text.replace("^./.<sent>$", "^.<sent>$", 1), ""
        answer = last + (text.upper() if spoiled else text)
        if "NEW" in text:
            sys.stderr.write("noise " * 20000 + "Error: A new ambiguity class was found." + " noise" * 1000)
            sys.stderr.flush()
            time.sleep(0.05)
            spoiled = True
        last = text.split()[0]
        sys.stdout.write(answer + "\\0")
        sys.stdout.flush()
"""


class Fake:
    """A folder of modes whose stages are the script above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "stage.py"
        self.script.write_text(f"#!{sys.executable} -IS\n{STAGE}")
        self.script.chmod(0o755)

    def mode(self, name: str, *acts: str) -> Fake:
        (self.folder / f"{name}.mode").write_text(" | ".join(f"'{self.script}' $2 {act}" for act in acts or ("copy",)))
        return self

    def mode_with_tagger(self, name: str, options: str) -> Fake:
        tagger = self.folder / "apertium-tagger"
        tagger.write_text(f"#!{sys.executable} -IS\n{TAGGER}")
        tagger.chmod(0o755)
        (self.folder / f"{name}.mode").write_text(f"{self.script} copy | {tagger} {options} | {self.script} copy")
        return self

    def modes(self, *names: str) -> Fake:
        for name in names:
            self.mode(name)
        return self

    def starts(self) -> list[str]:
        log = self.folder / "starts"
        return log.read_text().splitlines() if log.exists() else []

    def messages(self, act: str) -> list[bytes]:
        return (self.folder / f"messages.{act}").read_bytes().split(b"\0")[:-1]

    def translator(self, *, via: str | None = None, timeout: float = 30.0) -> ApertiumTranslator:
        return ApertiumTranslator(modes_dir=str(self.folder), via=via, timeout=timeout)


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    return Fake(tmp_path)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- the text format


@pytest.mark.parametrize(
    "text",
    ["a[b]c", "{x}", "^a/b$", "C:\\dir\\n", "me@example.com", "<b>", "#tag *star* 5 * 3", "~5 a~b", "\\", "]", "é 😀"],
)
def test_what_is_special_comes_back_as_it_was(text: str) -> None:
    assert stream.decode(stream.encode(text), text) == text


def test_nothing_that_ends_or_splits_a_message_gets_in() -> None:
    text = "a\0b\nc\r\nd\u2028e\uffff\ufffe\ud800f\x85g\t"
    assert stream.clean(text) == "a b c  d e   f g"
    stream.encode(stream.clean(text))
    assert stream.clean("\u0301\u200d\u00a0x") == "\u0301\u200d\u00a0x"


def test_marks_are_dropped_only_where_the_source_has_none() -> None:
    assert stream.strip_marks("*foo @bar #baz", "foo bar baz") == "foo bar baz"
    assert stream.strip_marks("5 * 3, #tag, me@mail.org", "5 * 3, #tag, me@mail.org") == "5 * 3, #tag, me@mail.org"
    assert stream.strip_marks("#tag of #unknown", "#tag de unknown") == "#tag of unknown"
    assert stream.strip_marks("#loose tag and *unknown", "#suelta tag y unknown") == "#loose tag and unknown"


def test_the_pipeline_of_a_mode_file_is_parsed_like_a_shell_does() -> None:
    text = "lt-proc -w '/a/it''s b.bin' | apertium-tagger -g $2 '/a/|#.prob'|lt-proc $1 '/a/c.bin'\n"
    assert stages(text) == [
        ["lt-proc", "-z", "-w", "/a/its b.bin"],
        ["apertium-tagger", "-z", "-g", "/a/|#.prob"],
        ["lt-proc", "-z", "-n", "/a/c.bin"],
    ]


@given(st.text(), st.integers(0, 99), st.integers(0, 99))
def test_a_message_has_its_number_and_no_other(text: str, number: int, other: int) -> None:
    message = stream.encode(stream.clean(text))
    answer = stream.numbered(message, number)
    assert stream.unnumbered(answer, number) == message
    assert stream.unnumbered(answer, other) == (message if number == other else None)
    assert stream.unnumbered(b"noise\n" + answer, number) is None


# --- translating


def test_each_text_is_a_message_of_its_own_in_order(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy", "upper").translator() as translator:
        texts = ["uno dos", "", " \n", "tres [x]", "uno dos", "cu\natro"]
        assert translator.translate(texts, from_lang="es", to_lang="en") == [
            "UNO DOS",
            "",
            "",
            "TRES [X]",
            "UNO DOS",
            "CU ATRO",
        ]
    assert fake.messages("copy") == [
        b"uno dos.[0][\n]",
        b"tres \\[x\\].[1][\n]",
        b"uno dos.[2][\n]",
        b"cu atro.[3][\n]",
    ]


def test_stages_get_the_null_flush_option_and_lose_the_second_placeholder(fake: Fake) -> None:
    with fake.mode("spa-eng", "$1 copy").translator() as translator:
        translator.translate(["x"], from_lang="es", to_lang="en")
    assert [line.split()[1:] for line in fake.starts()] == [["-z", "-n", "copy"]]


def test_unknown_words_lose_their_marks(fake: Fake) -> None:
    with fake.mode("spa-eng", "mark").translator() as translator:
        assert translator.translate(["un *un 5 * 3"], from_lang="es", to_lang="en") == ["un *un 5 * 3"]


def test_programs_start_at_the_first_sentence_and_stay(fake: Fake) -> None:
    translator = fake.mode("spa-eng", "copy", "upper").translator()
    translator.translate(["", " "], from_lang="es", to_lang="en")
    assert fake.starts() == []
    for _ in range(3):
        assert translator.translate(["a"], from_lang="es", to_lang="en") == ["A"]
    assert len(fake.starts()) == 2
    pids = [int(line.split()[0]) for line in fake.starts()]
    assert all(map(alive, pids))
    translator.close()
    assert not any(map(alive, pids))
    assert translator.translate(["b"], from_lang="es", to_lang="en") == ["B"]
    translator.close()


def test_programs_can_start_before_the_first_sentence(fake: Fake) -> None:
    translator = fake.mode("spa-eng", "copy", "upper").translator()
    assert isinstance(translator, StartingTranslator)
    translator.start("es", "en")
    assert translator.translate(["a"], from_lang="es", to_lang="en") == ["A"]
    assert len(fake.starts()) == 2
    with pytest.raises(BackendError):
        translator.start("eu", "en")
    translator.close()


def test_programs_end_with_the_translator_and_with_the_interpreter(fake: Fake) -> None:
    translator = fake.mode("spa-eng").translator()
    translator.translate(["a"], from_lang="es", to_lang="en")
    del translator
    gc.collect()
    code = f"""
        from xlner.translation.apertium.translator import ApertiumTranslator
        kept = ApertiumTranslator(modes_dir={str(fake.folder)!r})
        kept.translate(["a"], from_lang="es", to_lang="en")
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    pids = [int(line.split()[0]) for line in fake.starts()]
    assert len(pids) == 2
    assert not any(map(alive, pids))


def test_no_deadlock_on_long_texts_and_long_batches(fake: Fake) -> None:
    long = "palabra " * 40_000
    with fake.mode("spa-eng", "copy", "noise", "copy").translator() as translator:
        texts = [long.strip(), "b", *(long.strip() for _ in range(3)), *map(str, range(100))]
        assert translator.translate(texts, from_lang="es", to_lang="en") == texts


def test_threads_share_a_chain(fake: Fake) -> None:
    with fake.mode("spa-eng", "upper").translator() as translator:

        def job(number: int) -> bool:
            texts = [f"t{number} {i}" for i in range(50)]
            return translator.translate(texts, from_lang="es", to_lang="en") == [t.upper() for t in texts]

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(job, range(8)))
    assert len(fake.starts()) == 1


def test_a_forked_process_gets_programs_of_its_own(fake: Fake) -> None:
    with fake.mode("spa-eng", "upper").translator() as translator:
        assert translator.translate(["a"], from_lang="es", to_lang="en") == ["A"]
        child = os.fork()
        if child == 0:
            right = translator.translate(["b"], from_lang="es", to_lang="en") == ["B"]
            translator.close()
            os._exit(0 if right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert translator.translate(["c"], from_lang="es", to_lang="en") == ["C"]
    assert len(fake.starts()) == 2


def test_a_translator_can_be_pickled(fake: Fake) -> None:
    with fake.mode("spa-eng", "upper").translator() as translator:
        translator.translate(["a"], from_lang="es", to_lang="en")
        with pickle.loads(pickle.dumps(translator)) as copy:
            assert copy.fingerprint == translator.fingerprint
            assert copy.translate(["a"], from_lang="es", to_lang="en") == ["A"]


def test_a_tagger_starts_every_sentence_in_its_first_state(fake: Fake) -> None:
    texts = ["a", "b NEW", "c", "NEW d", "e NEW", "f", "g"]
    with fake.mode_with_tagger("spa-eng", "-g $2 x.prob").translator(timeout=10) as translator:
        assert translator.translate(texts, from_lang="es", to_lang="en") == texts
        assert translator.translate(texts[::-1], from_lang="es", to_lang="en") == texts[::-1]
    assert (fake.folder / "taggers").read_text().splitlines() == ["-d -z -g x.prob"] * 7
    assert len(fake.starts()) == 2


@pytest.mark.parametrize("options", ["-gx x.prob", "-g --perceptron x.prob", "-u bigram -g x.prob"])
def test_taggers_of_other_kinds_are_left_alone(fake: Fake, options: str) -> None:
    with fake.mode_with_tagger("spa-eng", options).translator() as translator:
        translator.translate(["a", "b NEW", "c"], from_lang="es", to_lang="en")
    assert (fake.folder / "taggers").read_text().splitlines() == [f"-z {options}"]


# --- failures


def test_a_crash_is_retried_once_and_later_sentences_keep_their_places(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy", "upper", "copy").translator() as translator:
        texts = [*map(str, range(60)), "ONCE", *map(str, range(60, 99))]
        assert translator.translate(texts, from_lang="es", to_lang="en") == texts
    assert len(fake.starts()) == 6


def test_a_second_crash_names_mode_stage_and_sentence_and_the_next_call_works(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy", "upper", "copy").translator() as translator:
        with pytest.raises(StageError) as caught:
            translator.translate([*"abc", "a BOOM b", *"def"], from_lang="es", to_lang="en")
        message = "Apertium mode spa-eng failed on 'a BOOM b': stage 1 (stage.py) ended with exit code 3: "
        assert str(caught.value) == message + "assertion failed, twice"
        assert translator.translate(["a"], from_lang="es", to_lang="en") == ["A"]


def test_a_crash_of_a_later_stage_is_put_on_that_stage(fake: Fake) -> None:
    fake.mode("spa-eng", "copy", "upper", "copy")
    with fake.translator() as translator, pytest.raises(StageError, match=r"'boom': stage 2 \(stage.py\) ended"):
        translator.translate(["boom"], from_lang="es", to_lang="en")


def test_programs_that_never_start_well(fake: Fake) -> None:
    fake.mode("spa-eng", "copy", "dead")
    message = r"a…': stage 2 \(stage.py\) ended with exit code 1: no dictionary, twice"
    with fake.translator() as translator, pytest.raises(StageError, match=message):
        translator.translate(["a" * 100], from_lang="es", to_lang="en")


def test_a_hanging_sentence_is_cut_off_and_the_next_call_works(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy", "upper").translator(timeout=1.5) as translator:
        translator.translate(["a"], from_lang="es", to_lang="en")
        pids = [int(line.split()[0]) for line in fake.starts()]
        began = time.monotonic()
        with pytest.raises(StageError, match=r"spa-eng failed on 'HANG': no answer in 1\.5 s"):
            translator.translate(["a", "b", "HANG", "c"], from_lang="es", to_lang="en")
        assert time.monotonic() - began < 10
        assert not any(map(alive, pids))
        assert translator.translate(["a"], from_lang="es", to_lang="en") == ["A"]


def test_answers_out_of_step_are_noticed(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy", "copy").translator() as translator:
        with pytest.raises(StageError, match="'SPLIT in two': the answers are out of step"):
            translator.translate(["a", "SPLIT in two", "b"], from_lang="es", to_lang="en")
        assert translator.translate(["a", "b"], from_lang="es", to_lang="en") == ["a", "b"]


@pytest.mark.parametrize("stages", [("copy",), ("copy", "twice"), ("twice", "copy"), ("copy", "twice", "copy")])
@pytest.mark.parametrize("size", [1, 9])
def test_a_program_that_answers_twice_shifts_no_translation(
    fake: Fake, stages: tuple[str, ...], size: int, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [f"text {k}" for k in range(9)]
    with fake.mode("spa-eng", *stages).translator() as translator:
        made = [
            text
            for start in range(0, len(texts), size)
            for text in translator.translate(texts[start : start + size], from_lang="es", to_lang="en")
        ]
    assert made == texts
    if size > 1:
        told = [r.getMessage() for r in caplog.records if r.name.startswith("xlner")]
        assert len(told) == (len(stages) > 1)
        assert all(m.endswith("there is output that answers no sentence; the programs are started again") for m in told)


@pytest.mark.parametrize("text", ["AGAIN", "AGAIN LATE", "UNSURE"])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_follows_an_answer_is_not_taken_for_another_one(fake: Fake, text: str, at_once: bool) -> None:
    texts = ["a", text, "b", "c", text, text, "d"]
    with fake.mode("spa-eng", "copy", "copy").translator() as translator:
        for some in [texts] if at_once else [[one] for one in texts]:
            assert translator.translate(some, from_lang="es", to_lang="en") == some


def test_an_answer_without_its_number_is_an_error_of_its_sentence(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy").translator() as translator:
        a, noise, b = translator.translate_each(["a", "NOISE", "b"], from_lang="es", to_lang="en")
    assert (a, b) == ("a", "b")
    assert (
        str(noise) == "Apertium mode spa-eng failed on 'NOISE': the answers are out of step with the sentences, twice"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ENDLESS", "an answer has more than 10|no answer in 1 s"),
        ("CHATTER", r"no answer in 1 s$"),
        ("HANG", r"no answer in 1 s$"),
    ],
)
def test_endless_programs_end(fake: Fake, text: str, reason: str) -> None:
    with fake.mode("spa-eng", "copy", "copy").translator(timeout=1) as translator:
        translator.translate(["a"], from_lang="es", to_lang="en")
        pids = [int(line.split()[0]) for line in fake.starts()]
        a, failed, b = translator.translate_each(["a", text, "b"], from_lang="es", to_lang="en")
        assert (a, b) == ("a", "b")
        with pytest.raises(StageError, match=reason):
            raise failed if isinstance(failed, Exception) else AssertionError
        assert not any(map(alive, pids))


def test_programs_end_with_what_they_have_started(fake: Fake) -> None:
    child = fake.folder / "child"
    (fake.folder / "spa-eng.mode").write_text(f"{fake.folder / 'wrapper'}")
    (fake.folder / "wrapper").write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {child}\nwait\n")
    (fake.folder / "wrapper").chmod(0o755)
    with fake.translator(timeout=0.5) as translator, pytest.raises(StageError, match=r"no answer in 0\.5 s"):
        translator.translate(["a"], from_lang="es", to_lang="en")
    status = Path(f"/proc/{child.read_text().strip()}/stat")
    for _ in range(100):  # a killed program takes a moment to end
        if not status.exists() or status.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_each_sentence_waits_for_the_timeout_once(fake: Fake) -> None:
    with fake.mode("spa-eng", "copy").translator(timeout=1) as translator:
        pipeline = Pipeline(translator, DictionaryRecognizer({}), "oracle", target_lang="es")
        began = time.monotonic()
        pairs = list(pipeline.run_texts(["a", "HANG 1 and 2. HANG 3 and 4.", "b", "HANG 5", "c"]))
        assert time.monotonic() - began < 8
    assert [pair.error is None for pair in pairs] == [True, False, True, False, True]
    assert str(pairs[3].error) == "translator: Apertium mode spa-eng failed on 'HANG 5': no answer in 1 s"


def test_a_mode_that_fails_on_all_sentences_stops_the_run(fake: Fake) -> None:
    texts = ["a", *(f"HANG {k}" for k in range(40))]
    done: list[Pair] = []
    with fake.mode("spa-eng", "copy").translator(timeout=1) as translator:
        pipeline = Pipeline(translator, DictionaryRecognizer({}), "oracle", target_lang="es")
        with pytest.raises(
            StoppedError, match=r"^Apertium mode spa-eng failed: 5 in a row have no answer: no answer in"
        ):
            done.extend(pipeline.run_texts(texts))
        assert (len(done), done[0].error) == (41, None)
        assert all(pair.error for pair in done[1:])
        assert len(fake.starts()) <= 7
        assert translator.translate(["a", "b"], from_lang="es", to_lang="en") == ["a", "b"]


def test_an_interrupted_call_leaves_nothing_behind_for_the_next(fake: Fake) -> None:
    with fake.mode("spa-eng", "upper").translator() as translator:
        translator.translate(["a"], from_lang="es", to_lang="en")
        timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), 2))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            translator.translate(["HANG"], from_lang="es", to_lang="en")
        timer.join()
        assert translator.translate(["b"], from_lang="es", to_lang="en") == ["B"]


# --- languages and routes


@pytest.mark.parametrize("code", ["es", "spa", "spa_Latn", "es-419"])
def test_codes_of_any_form_and_modes_of_both_spellings(fake: Fake, code: str) -> None:
    translator = fake.modes("spa-eng", "spa-eng_US", "eng-spa_old").translator()
    assert translator.route(code, "eng_Latn") == ("spa-eng",)
    assert translator.route("en", code) == ("eng-spa_old",)


def test_the_exact_name_is_preferred_to_a_variant(fake: Fake) -> None:
    translator = fake.modes("eng-hbs_BS", "eng-hbs_HR", "eng-hbs_SR", "hbs-eng", "Cyrl-Latn").translator()
    assert translator.route("en", "hr") == ("eng-hbs_HR",)
    assert translator.route("en", "sr") == ("eng-hbs_SR",)
    assert translator.route("bs", "en") == ("hbs-eng",)
    assert fake.modes("eng-hbs").translator().route("en", "hr") == ("eng-hbs",)


def test_the_same_language_needs_no_mode(fake: Fake) -> None:
    translator = fake.translator()
    assert translator.route("es", "spa_Latn") == ()
    assert translator.translate([" a\nb", ""], from_lang="es", to_lang="spa") == ["a b", ""]


def test_the_shortest_way_through_pivots(fake: Fake) -> None:
    fake.modes("pt-es", "es-pt_BR", "spa-eng", "spa-eng_US", "por-cat", "cat-eng", "oci-cat", "oci-fra", "fra-por")
    translator = fake.translator()
    assert translator.route("pt", "en") == ("pt-es", "spa-eng")
    assert translator.route("oc", "en") == ("oci-cat", "cat-eng")
    assert translator.route("fr", "en") == ("fra-por", "pt-es", "spa-eng")


def test_no_way_is_longer_than_three_modes(fake: Fake) -> None:
    fake.modes("urd-hin", "hin-pol", "pol-szl", "szl-eng")
    assert fake.translator().route("hi", "en") == ("hin-pol", "pol-szl", "szl-eng")
    with pytest.raises(BackendError):
        fake.translator().route("ur", "en")


def test_texts_pass_through_all_modes_of_a_route(fake: Fake) -> None:
    fake.mode("pt-es", "reverse").mode("spa-eng", "upper")
    with fake.translator() as translator:
        assert translator.translate(["um dois", "", "três"], from_lang="pt", to_lang="en") == ["DOIS UM", "", "TRÊS"]
    assert len(fake.starts()) == 2


def test_via_forces_the_pivots(fake: Fake) -> None:
    fake.modes("pt-eng", "pt-es", "es-ca", "cat-eng", "spa-eng")
    assert fake.translator().route("pt", "en") == ("pt-eng",)
    assert fake.translator(via="es").route("pt", "en") == ("pt-es", "spa-eng")
    assert fake.translator(via="es, cat").route("pt", "en") == ("pt-es", "es-ca", "cat-eng")
    assert fake.translator(via="es").route("es", "en") == ("spa-eng",)
    with pytest.raises(BackendError, match=r"from pt to ca with what is installed here; apt-get install .*por-cat"):
        fake.translator(via="ca").route("pt", "en")


def test_a_missing_pair_names_what_to_install(fake: Fake) -> None:
    with pytest.raises(BackendError) as caught:
        fake.modes("spa-eng").translator().translate(["x"], from_lang="mk", to_lang="en")
    assert str(caught.value).startswith(
        "Apertium cannot translate from mk to en with what is installed here; apt-get install apertium "
        "apertium-mkd-eng, or use another translator"
    )


def test_a_missing_pivot_names_what_to_install(fake: Fake, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="apt-get install apertium apertium-es-pt,"):
        fake.modes("spa-eng").translator().route("pt", "en")
    with pytest.raises(BackendError, match="apt-get install apertium apertium-es-pt apertium-eng-spa,"):
        ApertiumTranslator(modes_dir=str(tmp_path / "none")).route("pt", "en")


def test_a_language_without_any_package_names_what_there_is(fake: Fake) -> None:
    with pytest.raises(BackendError) as caught:
        fake.modes("spa-eng", "glg-spa", "en-gl", "cat-fra").translator().route("lug", "en")
    assert str(caught.value) == (
        "Apertium cannot translate from lg to en with what is installed here; into en it can translate es, gl; "
        "name pivots (apertium?via=CODE), or use another translator: your own (--translator), or translate the file "
        "with what you have and run `xlner project TRANSLATION ORIGINAL --recognizer multilingual --lang CODE`"
    )


def test_a_missing_program_names_its_package(fake: Fake) -> None:
    (fake.folder / "spa-eng.mode").write_text("cg-no-proc x | lt-proc y")
    with pytest.raises(BackendError, match=r"'cg-no-proc', which is not installed; apt-get install .*-eng-spa$"):
        fake.translator().translate(["x"], from_lang="es", to_lang="en")


def test_missing_data_is_a_backend_error(fake: Fake) -> None:
    (fake.folder / "spa-eng.mode").write_text(f"{fake.script} '/no/such/file.bin'")
    with pytest.raises(BackendError, match=r"needs /no/such/file.bin, which is missing; apt-get install --reinstall"):
        fake.translator().translate(["x"], from_lang="es", to_lang="en")


def test_bad_codes_and_options(fake: Fake) -> None:
    with pytest.raises(UnknownNameError, match="not a language code"):
        fake.translator().check_direction("nonsense!", "en")
    with pytest.raises(BackendError, match="cannot translate from lg to en"):
        fake.translator().check_direction("lug", "en")
    with pytest.raises(ValidationError, match="timeout must be over 0 seconds"):
        fake.translator(timeout=0)


def test_available_lists_canonical_pairs(fake: Fake) -> None:
    fake.modes("spa-eng", "spa-eng_US", "hbs-eng", "en-gl", "eo-en-bytecode", "Cyrl-Latn", "spa-xzx")
    expected = [("bs", "en"), ("en", "gl"), ("es", "en"), ("hr", "en"), ("sr", "en")]
    assert fake.translator().available() == expected
    assert ApertiumTranslator(modes_dir="/no/such/folder").available() == []


def test_the_environment_may_name_the_folder(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APERTIUM_MODES", str(fake.modes("spa-eng").folder))
    assert ApertiumTranslator().available() == [("es", "en")]


def test_the_fingerprint_follows_modes_and_pivots(fake: Fake) -> None:
    first = fake.modes("spa-eng").translator().fingerprint
    assert first.startswith("apertium?via=() shield=1 modes=")
    assert fake.translator().fingerprint == first
    assert fake.translator(via="es").fingerprint != first
    assert fake.mode("spa-eng", "upper").translator().fingerprint != first


def test_the_fingerprint_of_a_route_does_not_change_with_other_modes(fake: Fake) -> None:
    translator = fake.modes("spa-eng").translator()
    translator.route("es", "en")
    first = translator.fingerprint
    other = fake.modes("cat-eng").translator()
    assert other.fingerprint != first
    other.route("es", "en")
    assert other.fingerprint == first


def test_the_registry_builds_it_and_it_is_a_translator() -> None:
    translator = _registry.load("translator", "apertium?via=es&timeout=5")
    assert isinstance(translator, Translator)
    assert isinstance(translator, DirectedTranslator)
    assert isinstance(translator, LinkingTranslator)
    assert (translator.options.via, translator.options.timeout) == (("es",), 5.0)


def test_importing_it_is_light() -> None:
    code = (
        "import sys, xlner.translation.apertium.translator; "
        "sys.exit(any(m in sys.modules for m in ('spacy', 'langcodes')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_table_is_sound() -> None:
    modes = {name: Mode.parse(name) for name in debian.PACKAGES}
    assert None not in modes.values()
    assert debian.missing_packages([], "hr", "en") == ["apertium-hbs-eng"]
    assert debian.missing_packages([], "it", "en") == ["apertium-spa-ita", "apertium-eng-spa"]
    assert debian.missing_packages([], "en", "mk") == ["apertium-hbs-eng", "apertium-hbs-mkd"]
    assert debian.missing_packages([], "nb", "sv") == ["apertium-swe-nor"]
    assert debian.missing_packages([], "de", "en") is None


def test_debian_13_has_fewer_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    def packages(release: dict[str, str], code: str) -> list[str] | None:
        monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
        return debian.missing_packages([], code, "en")

    assert packages({"ID": "debian", "VERSION_ID": "12"}, "gl") == ["apertium-en-gl"]
    assert packages({"ID": "ubuntu", "VERSION_ID": "24.04"}, "is") == ["apertium-isl-eng"]
    for release in ({"ID": "debian", "VERSION_ID": "13"}, {"ID": "debian"}):  # testing has no number
        assert packages(release, "gl") == ["apertium-es-gl", "apertium-eng-spa"]
        assert packages(release, "is") is None


# --- the real thing

REAL: dict[str, list[str]] = {
    "spa-eng": [
        "El presidente Pedro Sánchez viajó ayer a Bruselas.",
        "La empresa Telefónica anunció beneficios de 2.500 millones de euros",
        "¿Cuándo llegará María García al aeropuerto de Barajas?",
        "Mi correo es ana.lopez@example.com y el #hashtag es #Madrid2026.",
        "El resultado es 5 * 3 = 15 [sic], según {ella} y ^él^.",
        "Cuesta $100 o 90€ en EE.UU.; unos ~95 dólares en C:\\tienda.",
        "Si a < b y c > d, entonces y/o bien <b>nada</b>.",
        "¡Hola, amigos! 😀👩‍👩‍👧 Nos vemos en México 🇲🇽",
        "El *palabrarara* y la @otrarara no existen #enabsoluto",
        "«No lo sé», dijo el señor Martínez — y se fue…",
    ],
    "gl-en": [
        "O presidente da Xunta visitou onte Santiago de Compostela.",
        "María Castro naceu en Vigo en 1975.",
        "A empresa ten a súa sede na Coruña e traballa en Portugal.",
        "Onde está a casa do meu irmán?",
        "O libro custa 20 euros (máis ou menos) na tenda [nova].",
        "Escríbeme a xan@exemplo.gal ou a #Galicia.",
        "Cando tentou montar no ascensor, foi visto por todos.",
        "O Smithson dixo que o Brexit o cambia todo nun ano",
        "O goberno español aprobou a lei en Madrid.",
        "Unha *estrela e 3 * 4 = 12 {nada} ^ $ / \\",
    ],
    "cat-eng": [
        "El president de la Generalitat va visitar ahir Girona.",
        "La Maria Puig va néixer a Barcelona l'any 1975.",
        "L'empresa té la seu a València i treballa a França.",
        "On és la casa del meu germà?",
        "El llibre costa 20 euros (més o menys) a la botiga [nova].",
        "Escriu-me a joan@exemple.cat o a #Catalunya.",
        "Quan vas arribar, el sol era alt i la gent cantava.",
        "Un Smithson que la Krunta va dir com a Brexit",
        "El govern espanyol va aprovar la llei a Madrid.",
        "Una *estrella i 3 * 4 = 12 {res} ^ $ / \\",
    ],
    "mkd-eng": [
        "Претседателот на Македонија вчера го посети Охрид.",
        "Марија Петрова е родена во Скопје во 1975 година.",
        "Компанијата има седиште во Битола и работи во Грција.",
        "Каде е куќата на мојот брат?",
        "Книгата чини 20 евра (повеќе или помалку) [нова].",
        "Пиши ми на jovan@primer.mk или #Македонија.",
        "Децата играат на улица",
        "Реката Вардар тече низ Скопје.",
        "Владата го усвои законот во Брисел.",
        "Една *ѕвезда и 3 * 4 = 12 {ништо} ^ $ / \\",
    ],
    "isl-eng": [
        "Forseti Íslands heimsótti Akureyri í gær.",
        "María Jónsdóttir fæddist í Reykjavík árið 1975.",
        "Fyrirtækið er með höfuðstöðvar í Kópavogi.",
        "Hvar er hús bróður míns?",
        "Bókin kostar 20 evrur (meira eða minna) [ný].",
        "Skrifaðu mér á jon@daemi.is eða #Ísland.",
        "Börnin leika sér á götunni",
        "Þjórsá er lengsta á Íslands.",
        "Ríkisstjórnin samþykkti lögin í Reykjavík.",
        "Ein *stjarna og 3 * 4 = 12 {ekkert} ^ $ / \\",
    ],
}
EXPECTED = {
    "spa-eng": ["Pedro Sánchez", "Telefónica", "María García", "ana.lopez@example.com", "5 * 3 = 15 [sic]", "~95"],
    "gl-en": ["Santiago de Compostela", "Vigo", "Portugal", "house", "20 euros", "xan@exemplo.gal"],
    "cat-eng": ["Girona", "Barcelona", "France", "brother", "20 euros", "joan@exemple.cat"],
    "mkd-eng": ["Ohrid", "Skopje", "Greece", "house", "20", "jovan@primer.mk"],
    "isl-eng": ["Akureyri", "Reykjavík", "", "house", "20", "jon@daemi.is"],
}
real = pytest.mark.skipif(
    shutil.which("apertium") is None or not all(Path(f"/usr/share/apertium/modes/{m}.mode").exists() for m in REAL),
    reason="needs apertium-eng-spa, -eng-cat, -en-gl, -mkd-eng and -isl-eng",
)


@pytest.fixture(scope="module")
def apertium() -> Iterator[ApertiumTranslator]:
    with ApertiumTranslator(modes_dir="/usr/share/apertium/modes") as translator:
        yield translator


@pytest.fixture
def to_english(apertium: ApertiumTranslator) -> Callable[..., list[str]]:
    return lambda texts, code="es": apertium.translate(texts, from_lang=code, to_lang="en")


def one_shot(mode: str, texts: Sequence[str]) -> list[str]:
    def run(text: str) -> str:
        done = subprocess.run(["apertium", "-u", mode], input=f"{text}\n", capture_output=True, text=True, check=True)
        return done.stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(run, texts))


@real
@pytest.mark.slow
@pytest.mark.parametrize("mode", REAL)
def test_output_is_that_of_the_one_shot_program(to_english: Callable[..., list[str]], mode: str) -> None:
    translated = to_english(REAL[mode], mode.partition("-")[0])
    for text, found in zip(translated, EXPECTED[mode], strict=False):
        assert found in text
    unshielded = [k for k, text in enumerate(REAL[mode]) if not verbatim_spans(text)]
    assert [translated[k] for k in unshielded] == one_shot(mode, [REAL[mode][k] for k in unshielded])


@real
@pytest.mark.parametrize("mode", REAL)
def test_no_translation_depends_on_the_sentences_before(to_english: Callable[..., list[str]], mode: str) -> None:
    code = mode.partition("-")[0]
    assert to_english(REAL[mode][::-1], code) == to_english(REAL[mode], code)[::-1]


@real
@pytest.mark.parametrize(
    "text",
    ["[", "]", "{", "}", "^", "$", "/", "\\", "@", "<", ">", "*", "#", "~", "\\[", "#[*]@", "^q<w>$", "[[t:7]]"],
)
def test_special_characters_survive(to_english: Callable[..., list[str]], text: str) -> None:
    assert to_english([text, "Juan", f"Juan {text} Pedro"]) == [text, "Juan", f"Juan {text} Pedro"]


@real
def test_odd_texts(to_english: Callable[..., list[str]]) -> None:
    odd = {"\u0301\u0301": "\u0301\u0301", "\u200b": "\u200b", "😀 👩‍👩‍👧 🇪🇸": "😀 👩‍👩‍👧 🇪🇸", "\uffff": ""}
    odd |= {"Roma\ufffe\ud800": "Rome", "a\0b": to_english(["a b"])[0], "\0": ""}
    texts = [text for one in odd for text in (one, "Roma")]
    assert to_english(texts) == [text for one in odd.values() for text in (one, "Rome")]


@real
def test_very_long_sentences(to_english: Callable[..., list[str]]) -> None:
    words = ("la casa roja de María García " * 1000).split()[:5000]
    long, short, unspaced = to_english([" ".join(words), "Roma", "x" * 10_000])
    assert long.count("García") == words.count("García")
    assert short == "Rome"
    assert unspaced == "x" * 10_000


@pytest.mark.slow
@real
def test_a_route_through_a_pivot(apertium: ApertiumTranslator) -> None:
    assert apertium.route("gl", "ca") == ("gl-en", "eng-cat")
    assert apertium.translate(["A casa", ""], from_lang="gl", to_lang="ca") == ["La casa", ""]
    assert ("es", "en") in apertium.available()
    assert ("mk", "en") in apertium.available()
