"""Links told by Apertium: reading its stream, on fake modes, and on the real thing where it is installed."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xlner import BackendError, Pair, Sentence, ValidationError, load
from xlner.errors import StageError
from xlner.fakes import OracleAligner
from xlner.translation.apertium import links
from xlner.translation.apertium.aligner import ApertiumAligner
from xlner.translation.apertium.translator import ApertiumTranslator

# One script for all programs of a mode: which it is, its name tells.
PROGRAM = """\
import re, sys
name, flags = sys.argv[0].rpartition("/")[2], sys.argv[1:]
UNIT = re.compile(r"((?:\\[\\[[^]]*\\]\\])?)\\^([^/$]*)(?:/[^$]*)?\\$")

def work(text):
    if name == "apertium-wblank-detach":
        return re.sub(r"(\\[\\[[^/\\]]*\\]\\])(\\^[^$]*\\$)", r"\\1\\2[[/]]", text)
    if name == "apertium-transfer":  # puts the first two words of three in the other order
        return re.sub(r"^(\\S+) (\\S+)(?= )", r"\\2 \\1", text) if text.count("^") == 4 else text
    if "-n" in flags:
        return UNIT.sub(lambda m: m[1] + m[2].upper(), text)
    body, end = re.fullmatch(r"(?s)(.*?)(\\[\\d+\\].*)", text).groups()
    return re.sub(r"New York|[^ .]+|[.]", lambda m: f"^{m[0]}/{m[0]}$", body) + end

data = b""
while byte := sys.stdin.buffer.read(1):
    if byte == b"\\0":
        sys.stdout.buffer.write(work(data.decode()).encode() + b"\\0")
        sys.stdout.buffer.flush()
        data = b""
    else:
        data += byte
"""


@pytest.fixture
def modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Modes whose programs shout each word."""
    for name in ("lt-proc", "apertium-transfer", "apertium-wblank-detach"):
        script = tmp_path / name
        script.write_text(f"#!{sys.executable}\n{PROGRAM}", encoding="utf-8")
        script.chmod(0o755)
    for name in ("spa-eng", "glg-spa"):
        (tmp_path / f"{name}.mode").write_text("lt-proc a | apertium-transfer x | lt-proc $1 b\n", encoding="utf-8")
    (tmp_path / "cat-eng.mode").write_text("lt-proc a | apertium-transfer x\n", encoding="utf-8")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return iter([tmp_path])


def pair(source: str, target: str, language: str | None = "es") -> Pair:
    return Pair(Sentence.from_text(target, language=language), Sentence.from_text(source, language="en"))


def test_links_of_a_fake_mode(modes: Iterator[Path]) -> None:
    aligner = ApertiumAligner(modes_dir=str(next(modes)))
    pairs = [
        pair("VIVE ANA VIGO", "ana vive vigo"),
        pair("NEW YORK", "New York".replace("New York", "New York"), "es"),
        pair("", "", "es"),
        pair("É", "e\u0301"),
    ]
    assert [a.links for a in aligner.align(pairs)] == [
        ((0, 1), (1, 0), (2, 2)),
        ((0, 0), (0, 1), (1, 0), (1, 1)),
        (),
        ((0, 0),),
    ]
    assert aligner.fingerprint.startswith("apertium-links?fallback=None&via=() apertium?via=() shield=1 modes=")
    assert "es→en" in aligner.summary
    aligner.close()


def test_links_through_a_pivot(modes: Iterator[Path]) -> None:
    aligner = ApertiumAligner(via="es", modes_dir=str(next(modes)))
    assert aligner.align([pair("ANA VIVE VIGO", "ana vive vigo", "gl")])[0].links == ((0, 0), (1, 1), (2, 2))
    aligner.close()


def test_tokens_without_text(modes: Iterator[Path]) -> None:
    aligner = ApertiumAligner(modes_dir=str(next(modes)))
    tokens = Pair(Sentence(("ana", "vive"), language="es"), Sentence(("ANA", "VIVE")))
    assert aligner.align([tokens])[0].links == ((0, 0), (1, 1))
    aligner.close()


def test_another_source_goes_to_the_fallback_or_is_an_error(modes: Iterator[Path]) -> None:
    folder = str(next(modes))
    foreign = pair("ANA LIVES", "ana vive")
    with pytest.raises(StageError, match="is not Apertium's translation of the target; name a fallback"):
        ApertiumAligner(modes_dir=folder).align([foreign])
    aligner = ApertiumAligner(modes_dir=folder, fallback="oracle")
    found = aligner.align([foreign, pair("VIVE ANA VIGO", "ana vive vigo"), foreign])
    assert [a.links for a in found] == [((0, 0), (1, 1)), ((0, 1), (1, 0), (2, 2)), ((0, 0), (1, 1))]
    assert aligner.fingerprint.endswith(f"fallback={OracleAligner().fingerprint}")
    copy = pickle.loads(pickle.dumps(aligner))
    assert copy.fingerprint == aligner.fingerprint
    assert [a.links for a in copy.align([foreign])] == [((0, 0), (1, 1))]
    copy.close()
    aligner.close()


def test_what_apertium_has_to_know(modes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = next(modes)
    aligner = ApertiumAligner(modes_dir=str(folder))
    with pytest.raises(BackendError, match="needs the language of the target; give --lang CODE"):
        aligner.align([pair("A", "a", None)])
    with pytest.raises(ValidationError, match="has no source sentence"):
        aligner.align([Pair(Sentence(("a",), language="es"))])
    with pytest.raises(BackendError, match="no generator that keeps links"):
        aligner.align([pair("A", "a", "ca")])
    (folder / "apertium-wblank-detach").unlink()
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(BackendError, match="'apertium-wblank-detach' is not installed"):
        aligner.align([pair("A", "a")])


def test_a_program_that_dies_is_the_sentence_s_error(modes: Iterator[Path]) -> None:
    folder = next(modes)
    (folder / "apertium-transfer").write_text(f"#!{sys.executable}\nimport sys; sys.exit('broken')\n", encoding="utf-8")
    aligner = ApertiumAligner(modes_dir=str(folder))
    with pytest.raises(StageError, match="Apertium mode spa-eng failed on 'ana'"):
        aligner.align([pair("ANA", "ana")])
    aligner.close()


@pytest.mark.parametrize(
    ("analysis", "text", "spans"),
    [
        ("^ana/a$ ^ana/a$^./.$[]", "ana ana", [(0, 3), (4, 7), (0, 0)]),
        (r"^a\/b/x$^./.$", "a/b", [(0, 3), (0, 0)]),
        ("^EE.UU../x$[]", "EE.UU.", [(0, 6)]),  # the added full stop, too
        ("^../.$[]", ".", [(0, 1)]),
        ("[^x$]^a/a$", "^x$a", [(3, 4)]),
    ],
)
def test_places_of_units(analysis: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert links.unit_spans(analysis, text) == spans


@pytest.mark.parametrize(
    ("answer", "source", "read"),
    [
        (
            "[[t:u:0; t:u:2]]one[[/]] it [[t:u:1]]two[[/]].[][\n]",
            "x",
            ("one it two", [(0, (0, 3)), (2, (0, 3)), (1, (7, 10))]),
        ),
        ("[[t:u:0]]..[[/]][][\n]", ".", (".", [(0, (0, 1))])),
        ("[[t:u:0]]*Ana[[/]][[t:u:1]].[[/]][][\n]", "Ana", ("Ana", [(0, (0, 3))])),
        ("[[t:u:0]]a[[/]] \\[b\\].[][\n]", "[b]", ("a [b]", [(0, (0, 1))])),
        (".[][\n]", "", ("", [])),
    ],
)
def test_answers(answer: str, source: str, read: tuple[str, list[object]]) -> None:
    assert links.read_answer(answer.encode(), source) == read


def test_older_modes_look_up_words_in_a_program_of_its_own() -> None:
    split = links.without_dictionary
    assert split(["apertium-transfer", "-z", "t1x", "t1x.bin", "autobil.bin"]) == [
        ["lt-proc", "-z", "-b", "autobil.bin"],
        ["apertium-transfer", "-b", "-z", "t1x", "t1x.bin"],
    ]
    for command in (["apertium-transfer", "-n", "x", "y", "z"], ["apertium-transfer", "-b", "t1x", "bin"], ["lt-proc"]):
        assert split(command) == [command]


REAL = {
    "es": "La Universidad de Salamanca abrió ayer una casa, a pesar de todo. EE.UU. ~ 5 [km]",
    "gl": "Rosalía de Castro naceu en Santiago de Compostela no ano 1837.",
    "is": "Halldór Laxness fæddist í Reykjavík.",
}


@pytest.mark.parametrize(("language", "mode"), [("es", "spa-eng"), ("gl", "gl-en"), ("is", "isl-eng")])
def test_marks_change_no_real_translation(language: str, mode: str) -> None:
    if shutil.which("apertium") is None or not Path(f"/usr/share/apertium/modes/{mode}.mode").exists():
        pytest.skip(f"needs the Apertium mode {mode}")
    text = REAL[language]
    translator = ApertiumTranslator()
    (made,) = translator.translate_linked([text], from_lang=language, to_lang="en")
    assert [made.text] == translator.translate([text], from_lang=language, to_lang="en")
    joined = {text[a:b]: made.text[c:d] for (a, b), (c, d) in made.links}
    known = {
        "es": {"Salamanca": "Salamanca", "casa": "house"},
        "gl": {"Rosalía de Castro": "Rosalía de Castro", "1837": "1837"},
        "is": {"Reykjavík": "Reykjavík"},
    }
    assert known[language].items() <= joined.items()
    source = Sentence.from_text(made.text, language="en")
    aligner = load("aligner", "apertium")
    found = aligner.align([Pair(Sentence.from_text(text, language=language), source)])[0]
    assert len(found) >= len(made.links) - 1
    translator.close()
    aligner.close()
