from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Entity, ValidationError
from xlner.core.tags import Scheme, decode, encode
from xlner.errors import UnknownNameError

WRITABLE = [s for s in Scheme if s is not Scheme.AUTO]
EXACT = [s for s in WRITABLE if s is not Scheme.IO]
TAGS = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=10)


@given(disjoint_entities(), st.sampled_from(EXACT))
def test_tags_keep_every_entity(case: tuple[list[Entity], int], scheme: Scheme) -> None:
    entities, length = case
    tags = encode(entities, length, scheme)
    assert len(tags) == length
    assert decode(tags, scheme, repair="none") == (tuple(entities), ())
    if scheme is not Scheme.IOB1:  # where only IOB1 can tell that I- is no mistake
        assert decode(tags, Scheme.AUTO) == (tuple(entities), ())
    assert decode(tags, Scheme.AUTO).entities == tuple(entities)


@given(disjoint_entities())
def test_io_keeps_every_word_and_refuses_what_it_cannot_tell_apart(case: tuple[list[Entity], int]) -> None:
    entities, length = case
    if any(a.end == b.start and a.label == b.label for a, b in pairwise(entities)):
        with pytest.raises(ValidationError, match="IO cannot separate"):
            encode(entities, length, "IO")
    else:
        assert decode(encode(entities, length, "IO"), "IO", repair="none").entities == tuple(entities)


def conlleval(tags: list[str]) -> list[tuple[int, int, str]]:
    """The rules of conlleval, read off literally: where a chunk ends, and where one begins."""
    chunks: list[tuple[int, int, str]] = []
    start, last_prefix, last_label = 0, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, label = tag.partition("-")
        ends = last_prefix in "BI" and (prefix in "BO" or label != last_label)
        begins = prefix == "B" or (prefix == "I" and (last_prefix == "O" or label != last_label))
        if ends:
            chunks.append((start, i, last_label))
        if begins:
            start = i
        last_prefix, last_label = prefix, label
    return chunks


@given(TAGS)
def test_repair_reads_invalid_tags_as_conlleval_does(tags: list[str]) -> None:
    decoded = decode(tags)
    assert [(e.start, e.end, e.label) for e in decoded.entities] == conlleval(tags)
    assert len(decoded.repaired) == sum(
        tag[0] == "I" and (i == 0 or tags[i - 1][2:] != tag[2:]) for i, tag in enumerate(tags)
    )


@given(TAGS)
def test_discard_drops_just_the_stray_runs(tags: list[str]) -> None:
    kept = {(e.start, e.end, e.label) for e in decode(tags, repair="discard").entities}
    assert kept == {c for c in conlleval(tags) if tags[c[0]].startswith("B")}


def test_repair_none_raises_at_the_first_stray_tag() -> None:
    with pytest.raises(ValidationError, match=re.escape("I-LOC at token 2 is not valid IOB2")):
        decode(["B-PER", "I-LOC"], repair="none")


def test_type_change_inside_is_two_entities() -> None:
    assert decode(["B-PER", "I-LOC"]).entities == (Entity(0, 1, "PER"), Entity(1, 2, "LOC"))


def test_touching_entities_stay_apart() -> None:
    assert decode(["B-PER", "B-LOC", "B-LOC"]).entities == (
        Entity(0, 1, "PER"),
        Entity(1, 2, "LOC"),
        Entity(2, 3, "LOC"),
    )


def test_labels_may_have_hyphens() -> None:
    assert decode(["B-ORG-GOV", "I-ORG-GOV"]).entities == (Entity(0, 2, "ORG-GOV"),)


def test_iob1_opens_with_inside_and_separates_with_begin() -> None:
    decoded = decode(["I-PER", "B-PER", "O", "I-LOC"], "IOB1")
    assert decoded.entities == (Entity(0, 1, "PER"), Entity(1, 2, "PER"), Entity(3, 4, "LOC"))
    assert decoded.repaired == ()


def test_iob1_begin_without_a_neighbor_is_repaired_but_kept() -> None:
    assert decode(["B-PER", "O"], "IOB1") == ((Entity(0, 1, "PER"),), (0,))


def test_unfinished_entity_of_iobes() -> None:
    assert decode(["B-PER", "O"], "IOBES") == ((Entity(0, 1, "PER"),), (0,))
    assert decode(["B-PER", "O"], "IOBES", repair="discard").entities == ()
    with pytest.raises(ValidationError, match="without an end tag"):
        decode(["B-PER"], "IOBES", repair="none")


def test_stray_end_is_an_entity_of_its_own_or_nothing() -> None:
    assert decode(["O", "E-PER"], "IOBES") == ((Entity(1, 2, "PER"),), (1,))
    assert decode(["O", "E-PER"], "IOBES", repair="discard").entities == ()


def test_io_takes_bare_labels() -> None:
    assert decode(["PER", "PER", "O"], "io").entities == (Entity(0, 2, "PER"),)


@pytest.mark.parametrize("tag", ["X-PER", "B", "B-", "NN", "b-per", ""])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValidationError, match="is not O or one of B-, I-"):
        decode([tag])


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-PER", "M-PER", "E-PER", "S-LOC", "O"], [Entity(0, 3, "PER"), Entity(3, 4, "LOC")]),  # BMES
        (["B-PER", "M-PER", "E-PER", "W-LOC"], [Entity(0, 3, "PER"), Entity(3, 4, "LOC")]),  # BMEWO
        (["O", "B", "I", "B", "o"], [Entity(1, 3, "ENTITY"), Entity(3, 4, "ENTITY")]),
        (["B-per", "i-per", "o", "b-loc"], [Entity(0, 2, "per"), Entity(3, 4, "loc")]),
        (["B_PER", "I_PER", "E_PER", "O"], [Entity(0, 3, "PER")]),
        (["B\u2013PER", "I\u2010PER"], [Entity(0, 2, "PER")]),
        (["PER-B", "PER-I", "O", "ORG_GOV_S"], [Entity(0, 2, "PER"), Entity(3, 4, "ORG_GOV")]),
    ],
)
def test_auto_reads_other_spellings_of_tags(tags: list[str], expected: list[Entity]) -> None:
    assert decode(tags, "auto").entities == tuple(expected)
    with pytest.raises(ValidationError, match="; the scheme auto reads it"):
        decode(tags[1:], "IOB2")


@pytest.mark.parametrize("tags", [["PER"], ["NN"], ["B", "I-PER"], ["E"], ["e-mail"], ["B-"], [""], ["X-PER"], ["-"]])
def test_auto_reads_no_tag_that_is_not_certain(tags: list[str]) -> None:
    with pytest.raises(ValidationError, match=f"tag {tags[0]!r} of token 1 is not O or one of B-, "):
        decode(tags, "auto")


def test_labels_without_prefixes_name_the_scheme_that_reads_them() -> None:
    with pytest.raises(ValidationError, match="; for labels without prefixes give --input-scheme io"):
        decode(["PER"], "auto")
    assert decode(["PER", "PER", "O", "e-mail", "I-LOC"], "io").entities == (
        Entity(0, 2, "PER"),
        Entity(3, 4, "e-mail"),
        Entity(4, 5, "LOC"),
    )
    with pytest.raises(ValidationError, match="'B-PER' of token 1 is not O or one of I- and a label; the scheme auto"):
        decode(["B-PER"], "io")


def test_schemes_that_mark_the_end_read_prefixes_in_lower_case() -> None:
    with pytest.raises(
        ValidationError, match="'s-per' .*; if its prefix is in lower case, give --input-scheme IOBES or"
    ):
        decode(["s-per"], "auto")
    expected = (Entity(0, 2, "per"), Entity(2, 3, "loc"))
    assert decode(["b-per", "e-per", "s-loc", "o"], "IOBES", repair="none").entities == expected
    assert decode(["b-per", "l-per", "u-loc", "o"], "BILOU", repair="none").entities == expected
    for tag in ("e-", "x-per", "e_per", "i"):
        with pytest.raises(ValidationError, match="is not O or one of B-"):
            decode([tag], "IOBES")


def test_schemes_are_known_by_name() -> None:
    assert decode(["S-PER"], "iobes").entities == (Entity(0, 1, "PER"),)
    with pytest.raises(
        UnknownNameError, match="unknown tag scheme 'IOB3'; did you mean 'IOB2'\\? one of auto, IOB1, IOB2"
    ):
        decode([], "IOB3")
    with pytest.raises(UnknownNameError, match="unknown repair 'seqeval'; one of conlleval, discard, none"):
        decode([], repair="seqeval")
    with pytest.raises(ValidationError, match="name a scheme, such as IOB2"):
        encode([], 0, "auto")


@pytest.mark.parametrize("entities", [[Entity(0, 2, "A"), Entity(1, 3, "B")], [Entity(0, 4, "A")]])
def test_only_disjoint_entities_inside_the_sentence_can_be_written(entities: list[Entity]) -> None:
    with pytest.raises(ValidationError, match="overlaps another or ends beyond"):
        encode(entities, 3)
