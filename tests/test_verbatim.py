from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Sentence
from xlner.core.pair import Outcome, Projection
from xlner.pipeline.verbatim_words import with_source_words, with_verbatim_links, with_words_of
from xlner.text.verbatim import is_verbatim, lost_verbatim, verbatim_spans, without_verbatim

# Separated by spaces, as nothing here has one.
ADDRESSES = r"""
http://x.y/z?a=1 https://youtu.be/dQw4w9WgXcQ www.example.org/Some_Page.html#top example.com bbc.co.uk/news
youtu.be/dQw4 HTTP://EXAMPLE.COM/ABC localhost:8080/x https://ru.wikipedia.org/wiki/Москва https://zh.wikipedia.org/wiki/北京
https://x.org/a_(b) s3://bucket/key doi:10.1000/182 10.1000/xyz123 mailto:ana@x.org arXiv:2505.10507
ana.pardo+news@mail.example.com git@github.com:ana/code.git @ana@social.example
@ana@bob #a#b :smile: r/galicia //cdn.x.org/a.js %APPDATA%
@user @Real_Name99 @用户 #Vigo #BlackLivesMatter #Македонија #日本 #हिन्दी #العربية #한국어 #ประเทศไทย #1 $TSLA $HOME
"""
PATHS_AND_CODES = r"""
/usr/share/doc/README.md /etc/passwd /etc ~/.bashrc ./run.sh ../a/b C:\Users\Ana\My.doc D:/x/y \\server\share\x
src/main.py report_2020.pdf README.md foo.tar.gz
978-3-16-148410-0 9783161484100 v2.3.1-beta 2.3.1 v2 3.11rc1 1.0.0-alpha.1 AB-1234/X B07XJ8C8F5 user_id __init__
5d41402abc4b2a76b9719d911017c592 550e8400-e29b-41d4-a716-446655440000 192.168.0.1:8080 dQw4w9WgXcQ G20 A5-0123/2003
ГОСТ-1234 COM(2003) 2003/0123(COD) os.path.join 00:1A:2B:3C:4D:5E CVE-2021-44228
"""
WITH_SPACES = ["ISBN 978-3-16-148410-0", "+34 600 123 456", "ES91 2100 0418 4502 0005 1332"]
WORDS = """
20-year-old 19th 1990s Boeing-747 1939-1945 12.05.2020 12/05/2020 2020-05-12 1.234.567 1,234.5 and/or he/she km/h
10:30 10:30:00 mid-1990s 5PM U.S. EE.UU. e.g. p.m. 50% $100 AT&T O'Neill 100km 5000m2 the.end.The 24/7 1/2 C# 2-1-0
red/green/blue/black Covid-19 sub-21 25º Ph.D. Ana/Rosa UNDER-21S _word_ l'Ajuntament B I'm
"""
FRAMES = ("{}", "a casa {} de", "({}).", "vea {}, ou", "[{}]", "{{{}}}", "{}'s", '"{}"', "{}!", "<LOC>{}</LOC>")


def parts(text: str) -> list[str]:
    return [text[a:b] for a, b in verbatim_spans(text)]


@pytest.mark.parametrize("part", [*ADDRESSES.split(), *PATHS_AND_CODES.split(), *WITH_SPACES])
def test_verbatim_text_is_found_without_the_marks_around_it(part: str) -> None:
    for frame in FRAMES:
        assert parts(frame.format(part)) == [part]


@pytest.mark.parametrize("text", [*WORDS.split(), "[sic] <b> ^ & *", "Ana vive en Vigo: 5 km."])
def test_numbers_dates_and_words_are_translated(text: str) -> None:
    assert parts(text) == []


def test_addresses_in_scripts_without_spaces() -> None:
    assert parts("看https://t.co/x吧") == ["https://t.co/x"]
    assert parts("他说@ana和#日本，") == ["@ana", "#日本"]


def test_what_is_left_and_what_is_lost() -> None:
    assert without_verbatim("ver #Vigo en x.org/a.") == "ver  en ."
    assert without_verbatim("ver Vigo") == "ver Vigo"
    assert lost_verbatim("@ana @ana_p #a", "@ana_p #a") == ["@ana"]
    assert lost_verbatim("#a #a", "#a") == ["#a"]
    assert lost_verbatim("@ana @ana_p", "@ana_p y @ana") == []
    assert is_verbatim("@user #Vigo 😂 http://x.y/z?a=1")
    assert not is_verbatim("@user di")


@given(st.lists(st.sampled_from([*"aZ1@#/\\.:_-+$~京é( "]), max_size=40).map("".join))
def test_spans_are_ordered_disjoint_and_without_marks_at_their_ends(text: str) -> None:
    spans = verbatim_spans(text)
    assert list(spans) == sorted(spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    for start, end in spans:
        assert any(map(str.isalnum, text[start:end]))
        assert text[end - 1] not in ".,;:!?"


@pytest.mark.parametrize("unit", ["a.", "A-1", "a@", "+1 ", "a\\", "/a/", "AB12", "v1.", "a_", "[/"])
def test_the_time_grows_with_the_length(unit: str) -> None:
    began = time.perf_counter()
    verbatim_spans(unit * 2000)
    assert time.perf_counter() - began < 5


def test_a_translation_has_the_words_of_the_source() -> None:
    source = Sentence(("See", "http://x.y/#a,b", "and", "#", "Vigo", "."))
    target = with_source_words(Sentence.from_text("Ve http://x.y/#a,b y #Vigo."), source)
    assert target.tokens == ("Ve", "http://x.y/#a,b", "y", "#", "Vigo", ".")
    assert with_source_words(Sentence.from_text("Ve."), source).tokens == ("Ve", ".")
    other = Sentence(("#Vigo's", "sea"))  # the word is more than the verbatim part
    assert with_source_words(Sentence.from_text("#Vigo"), other).tokens == ("#", "Vigo")


def test_entities_stay_on_their_text() -> None:
    source = Sentence(("In", "#Vigo"), (Entity(1, 2, "LOC"),))
    made = Sentence.from_text("En #Vigo , Vigo")
    place = Entity(2, 3, "LOC")
    other = Entity(4, 5, "LOC")
    outcome = Outcome(source.entities[0], (place,))
    found = with_words_of(Projection(made.with_entities([place, other]), (outcome,)), source)
    assert found.sentence.tokens == ("En", "#Vigo", ",", "Vigo")
    assert found.sentence.entities == (Entity(1, 2, "LOC"), Entity(3, 4, "LOC"))
    assert found.outcomes[0].projected == (Entity(1, 2, "LOC"),)
    both = made.with_entities([Entity(1, 2, "MISC"), place])
    assert with_source_words(both, source) is both


def test_verbatim_words_are_linked_with_themselves() -> None:
    pair = Pair(Sentence.from_text("ver #Vigo e #Lugo"), Sentence(("see", "#Lugo", "and", "#Vigo")))
    weighted = with_verbatim_links(pair, Alignment(((0, 0), (1, 1), (3, 5)), (0.5, 0.9, 0.1)))
    assert weighted.links == ((0, 0), (1, 4), (1, 5), (3, 1), (3, 2))
    assert weighted.weights == (0.5, 0.9, 0.9, 0.9, 0.9)
    plain = Pair(Sentence(("ver", "Vigo")), Sentence(("see", "Vigo")))
    links = Alignment(((0, 1),))
    assert with_verbatim_links(plain, links) is links
