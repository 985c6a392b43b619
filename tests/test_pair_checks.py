"""What looks wrong about the files of pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Alignment, Pair, Sentence
from xlner.pipeline import pair_warnings

ENGLISH = (
    "The rain did not stop for the whole night in Vigo .",
    "Ana Pardo has lived in the north of Spain since her childhood .",
    "The government of Spain met with the mayor of Lugo on Monday .",
    "Nobody knows when the next train to Madrid is going to leave .",
    "They bought a small house near the river with a big garden .",
)
SPANISH = (
    "La lluvia no paró en toda la noche en Vigo .",
    "Ana Pardo ha vivido en el norte de España desde su infancia .",
    "El gobierno de España se reunió el lunes con la alcaldesa de Lugo .",
    "Nadie sabe cuándo va a salir el próximo tren a Madrid .",
    "Compraron una casa pequeña cerca del río con un gran jardín .",
)


def pairs(sources: tuple[str, ...], targets: tuple[str, ...]) -> list[Pair]:
    return [Pair(Sentence(tuple(t.split())), Sentence(tuple(s.split()))) for s, t in zip(sources, targets, strict=True)]


@pytest.mark.parametrize("language", ["es", "spa_Latn", "ee", None])
def test_translations_have_no_warning(language: str | None) -> None:
    assert pair_warnings(pairs(ENGLISH, SPANISH), target_lang=language) == []


def test_the_source_again_is_no_translation() -> None:
    said = ["es.txt has the sentences of en.conll, not their translations"]
    assert pair_warnings(pairs(ENGLISH, ENGLISH), source="en.conll", target="es.txt", target_lang="es") == said
    assert pair_warnings(pairs(ENGLISH[:4], ENGLISH[:4])) == []
    assert pair_warnings(pairs(ENGLISH, (*ENGLISH[:3], *SPANISH[3:]))) == []


def test_another_language_is_said_and_that_files_are_swapped() -> None:
    assert pair_warnings(pairs(ENGLISH, SPANISH), target_lang="de") == ["TARGET seems to be in 'es', not in 'de'"]
    assert pair_warnings(pairs(SPANISH, ENGLISH), target_lang="es") == [
        "TARGET seems to be in 'en' and SOURCE in 'es', as if the files were swapped"
    ]
    assert pair_warnings(pairs(ENGLISH, (*SPANISH[:3], *ENGLISH[3:])), target_lang="de") == []


def linked(*links: tuple[int, int]) -> list[Pair]:
    source, target = Sentence(("a", "Ana", "b", "7")), Sentence(("x", "y", "Ana", "7"))
    return [Pair(target, source, Alignment(links))] * 5


def test_links_in_the_other_direction_are_said() -> None:
    (said,) = pair_warnings(linked((2, 1), (3, 3)))
    assert said.startswith("the links seem to go from target to source; swap them: xlner symmetrize FILE FILE --swap")
    for links in [((1, 2), (3, 3)), ((0, 1), (3, 3)), ((2, 1), (1, 2)), ()]:
        assert pair_warnings(linked(*links)) == []


def test_project_says_that_files_are_swapped(xlner: Command, tmp_path: Path) -> None:
    en, es = tmp_path / "en.conll", tmp_path / "es.conll"
    for path, sentences in ((en, ENGLISH), (es, SPANISH)):
        path.write_text("\n".join("".join(f"{word}\tO\n" for word in s.split()) for s in sentences))
    links = tmp_path / "a.talp"
    links.write_text("0-0\n" * 5)
    ran = xlner("project", es, en, "--alignment", links, "--lang", "es", "-o", tmp_path / "out.conll")
    assert (ran.code, ran.err.count("as if the files were swapped")) == (0, 1)
    ran = xlner("project", en, es, "--alignment", links, "--lang", "es", "-o", tmp_path / "out.conll")
    assert "seems" not in ran.err
    ran = xlner("project", en, en, "--alignment", links, "-o", tmp_path / "out.conll")
    assert f"xlner: note: {en} has the sentences of {en}, not their translations\n" in ran.err


def test_project_says_that_characters_are_words(xlner: Command, tmp_path: Path) -> None:
    (tmp_path / "en.conll").write_text("Kyoto\tB-LOC\n")
    (tmp_path / "ja.txt").write_text("京都\n")
    (tmp_path / "a.talp").write_text("0-1\n")
    files = (tmp_path / "en.conll", tmp_path / "ja.txt", "--alignment", tmp_path / "a.talp", "--output-format", "conll")
    said = "each character of the target is a word"
    assert said in xlner("project", *files, "--lang", "ja").err
    assert said not in xlner("project", *files, "--lang", "ja", "--projector", "greedy").err
    assert said not in xlner("project", *files, "--lang", "es").err
