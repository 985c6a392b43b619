from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import BackendError, Entity, Pipeline, Sentence, TrainingDataBuilder
from xlner.core.linked_translation import LinkedTranslation
from xlner.errors import StageError
from xlner.fakes import DictionaryRecognizer
from xlner.text.verbatim import lost_verbatim
from xlner.translation.guards.guarded_translator import GuardedTranslator
from xlner.translation.guards.warnings import TranslationWarning, find_warnings
from xlner.translation.shield import ShieldedTranslator, masked_text, shielded, shielded_linked, unmasked

TWEET = "@user #Vigo 😂 http://x.y/z?a=1"


class Lowering:
    """Writes everything in lower case, and notes what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def translate(self, texts: Sequence[str], *, from_lang: str = "", to_lang: str = "") -> list[str]:
        self.calls += texts
        return [text.lower() for text in texts]


class Losing(Lowering):
    """Also loses every word with a digit, placeholders included."""

    def translate(self, texts: Sequence[str], *, from_lang: str = "", to_lang: str = "") -> list[str]:
        lowered = super().translate(texts)
        return [" ".join(w for w in text.split() if not any(map(str.isdigit, w))) for text in lowered]


def linked(texts: Sequence[str]) -> list[LinkedTranslation]:
    """Word for word in reverse order, with links."""
    made = []
    for text in texts:
        words = text.split()
        spans = []
        position = 0
        for word in words:
            spans.append((position, position + len(word)))
            position += len(word) + 1
        total = sum(map(len, words)) + len(words) - 1
        links = tuple((span, (total - span[1], total - span[0])) for span in spans)
        made.append(LinkedTranslation(" ".join(reversed(words)).upper(), links))
    return made


def test_what_is_verbatim_comes_out_as_it_is() -> None:
    lowering = Lowering()
    texts = ["See https://youtu.be/dQw4w9WgXcQ, @Ana", "Vigo", TWEET, "#A"]
    assert shielded(texts, lowering.translate) == ["see https://youtu.be/dQw4w9WgXcQ, @Ana", "vigo", TWEET, "#A"]
    assert lowering.calls == [texts[0], "Vigo", "See xq0z, xq1z"]
    assert shielded(texts, lowering.translate, at_once=True)[0] == "see https://youtu.be/dQw4w9WgXcQ, @Ana"
    assert lowering.calls[3:] == ["See xq0z, xq1z", "Vigo"]


def test_where_placeholders_get_lost_the_text_is_cut_around_them() -> None:
    losing = Losing()
    assert shielded(["See V2.1.0 and #B2B, Now"], losing.translate) == ["see V2.1.0 and #B2B, now"]
    assert losing.calls[1:] == ["See xq0z and xq1z, Now", "See", "and", ", Now"]


def test_a_placeholder_is_no_word_of_the_text() -> None:
    masked = masked_text("xq0z: #A")
    assert masked.text == "xq0z: xw0z"
    assert unmasked(masked, LinkedTranslation("XQ0Z; Xw0z", ())) == LinkedTranslation(
        "XQ0Z; #A", (((6, 7), (6, 7)), ((7, 8), (7, 8)))
    )
    for lost in ("xq0z", "xw0z xw0z", "xw1z", "xw0z xw"):
        assert unmasked(masked, LinkedTranslation(lost, ())) is None
    every = " ".join(("xq", "xw", "zx", "qz", "wq", "vx", "xq0q", "#A"))
    assert masked_text(every).text.endswith("xq0q xq1q0z")


def test_later_attempts_may_fail() -> None:
    def translate(texts: Sequence[str]) -> list[str]:
        if any("xq" in text or text == "A" for text in texts):
            raise StageError("no such text")
        return [text.lower() for text in texts]

    assert shielded(["A #B", "c #D"], translate) == ["a #b", "c #D"]

    def broken(texts: Sequence[str]) -> list[str]:
        if any("xq" in text for text in texts):
            raise BackendError("not here")
        return [text.lower() for text in texts]

    with pytest.raises(BackendError, match="not here"):
        shielded(["A #B"], broken)
    with pytest.raises(StageError, match="1 result for 2 inputs"):
        shielded(["A #b", "c"], lambda texts: ["a"])


def test_links_follow_the_text() -> None:
    (made,) = shielded_linked(["see #Vigo and x.org/A now"], linked)
    assert made.text == "NOW x.org/A AND #Vigo SEE"
    found = {("see #Vigo and x.org/A now"[a:b], made.text[c:d]) for (a, b), (c, d) in made.links}
    assert found >= {("see", "SEE"), ("and", "AND"), ("now", "NOW"), ("#", "#"), ("Vigo", "Vigo"), ("A", "A")}
    assert all(a.lower() == b.lower() for a, b in found)


def test_links_of_a_text_in_parts() -> None:
    def forgetful(texts: Sequence[str]) -> list[LinkedTranslation]:
        return linked([" ".join(w for w in text.split() if not w.startswith("xq")) or "-" for text in texts])

    text = "see it #Vigo and"
    (made,) = shielded_linked([text], forgetful)
    assert made.text == "IT SEE #Vigo AND"
    assert {(text[a:b], made.text[c:d]) for (a, b), (c, d) in made.links} == {
        ("see", "SEE"), ("it", "IT"), ("#", "#"), ("Vigo", "Vigo"), ("and", "AND")
    }  # fmt: skip


@given(
    st.lists(st.sampled_from(["See", "the", "#Vigo", "@Ana", "http://x.Y/z", ",", "AB-12", "(v1.2.3)"]), max_size=12)
)
def test_nothing_verbatim_is_ever_lost(words: list[str]) -> None:
    text = " ".join(words)
    for translate in (Lowering().translate, Losing().translate, lambda texts: [text[::-1] for text in texts]):
        for at_once in (True, False):
            (made,) = shielded([text], translate, at_once=at_once)
            assert lost_verbatim(text, made) == []


def test_a_warning_where_it_is_lost_all_the_same() -> None:
    direction = {"from_lang": "en", "to_lang": "es"}
    assert find_warnings("See #Vigo now", "Ve #vigo ya", **direction) == (TranslationWarning.VERBATIM,)
    assert find_warnings("See #Vigo now", "Ve #Vigo ya", **direction) == ()
    assert find_warnings("#Vigo @ana", "#Vigo", **direction) == (TranslationWarning.VERBATIM,)
    assert find_warnings(TWEET, TWEET, **direction) == ()
    long = "https://www.example.org/a/very/long/path/with/many/words"
    assert find_warnings(f"See {long}", f"Ve {long}", **direction) == ()
    assert find_warnings("See it here now", "See it here now", **direction) == (TranslationWarning.COPIED,)


class Given(Lowering):
    """Has translations of some texts and of no others."""

    def translate(self, texts: Sequence[str], *, from_lang: str = "", to_lang: str = "") -> list[str]:
        if texts != ["Vigo e #Lugo"]:
            raise StageError("no translation")
        return super().translate(texts)


def test_the_guards_shield_every_attempt() -> None:
    translate = GuardedTranslator(Lowering()).translate_checked
    (made,) = translate(["See https://youtu.be/dQw4w9 or AB-12"], from_lang="en", to_lang="es")
    assert made.text == "see https://youtu.be/dQw4w9 or AB-12"
    assert TranslationWarning.VERBATIM not in made.warnings
    (made,) = translate([TWEET], from_lang="en", to_lang="es")
    assert (made.text, made.warnings, made.error) == (TWEET, (), None)
    (made,) = GuardedTranslator(Given()).translate_checked(["Vigo e #Lugo"], from_lang="gl", to_lang="en")
    assert (made.text, TranslationWarning.VERBATIM in made.warnings) == ("vigo e #lugo", True)


def test_pieces_do_not_cut_verbatim_text() -> None:
    asked: list[str] = []

    class Emptying:
        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            asked.extend(texts)
            return [" " if len(text) > 30 else text.upper() for text in texts]

    text = "vexan http://x.org/a:b;c,d:e;f e logo"
    (made,) = GuardedTranslator(Emptying()).translate_checked([text], from_lang="gl", to_lang="en")
    assert lost_verbatim(text, made.text) == []


@pytest.mark.parametrize("on_warning", ["keep", None])
def test_label_shields_with_any_translator(on_warning: str | None) -> None:
    recognizer = DictionaryRecognizer({"ana": "PER"})
    pipeline = Pipeline(Lowering(), recognizer, "oracle", "greedy", target_lang="gl", on_warning=on_warning)
    (made,) = pipeline.run_texts(["Ana en https://x.org/A"])
    assert made.source is not None
    assert made.source.text == "ana en https://x.org/A"


@pytest.mark.parametrize("options", [{"markers": "brackets"}, {"markers": "tags"}, {"method": "align"}])
def test_entities_on_verbatim_words_keep_their_label(options: dict[str, str]) -> None:
    tweet = Sentence(("@user", "#Vigo", "😂", "http://x.y/z?a=1"), (Entity(1, 2, "LOC"),))
    sentence = Sentence(("See", "#Vigo", "and", "https://x.org/AbC", "."), (Entity(1, 2, "LOC"),))
    for source in (tweet, sentence):
        (made,) = TrainingDataBuilder(Lowering(), "oracle", to_lang="es", **options).run([source])  # type: ignore[arg-type]
        assert made.labeled.tokens[1] == "#Vigo"
        assert made.labeled.tags() == source.tags()
        assert "verbatim" not in made.labeled.meta.get("translation_warnings", ())  # type: ignore[operator]


def test_the_wrapper_translates() -> None:
    assert ShieldedTranslator(Lowering()).translate(["A #B"], from_lang="en", to_lang="gl") == ["a #B"]


@pytest.mark.parametrize("shields", [True, False])
def test_no_shield_is_put_around_a_translator_that_has_its_own(shields: bool) -> None:
    def made() -> Lowering:
        translator = Lowering()
        translator.shields_verbatim = shields  # type: ignore[attr-defined]
        return translator

    direction = {"from_lang": "gl", "to_lang": "en"}
    wrapped, plain, guarded, built = made(), made(), made(), made()
    assert ShieldedTranslator(wrapped).translate(["A #B"], **direction) == ["a #b" if shields else "a #B"]
    assert ShieldedTranslator(wrapped).translate_each(["A #B"], **direction) == ["a #b" if shields else "a #B"]
    for translator, on_warning in ((plain, None), (guarded, "keep")):
        pipeline = Pipeline(translator, DictionaryRecognizer({}), "oracle", target_lang="gl", on_warning=on_warning)
        (pair,) = pipeline.run_texts(["Ana en #Vigo"])
        assert pair.require_source().text == ("ana en #vigo" if shields else "ana en #Vigo")
    sentence = Sentence(("See", "#Vigo", "Ana"), (Entity(2, 3, "PER"),))
    list(TrainingDataBuilder(built, "oracle", to_lang="es").run([sentence]))
    for translator in (wrapped, plain, guarded, built):
        assert any("xq" in text for text in translator.calls) is not shields


def test_later_attempts_are_halved_until_the_text_that_fails_is_alone() -> None:
    calls: list[int] = []

    def translate(texts: Sequence[str]) -> list[str]:
        if "xq" in texts[0]:
            calls.append(len(texts))
            if len(texts) == 8:
                return []
            if any("bad" in text for text in texts):
                raise ValueError
        return [text.lower() for text in texts]

    texts = [*(f"{k} #B" for k in "stuvwxy"), "bad #B"]
    assert shielded(texts, translate) == texts
    assert calls == [8, 4, 4, 2, 2, 1, 1]
