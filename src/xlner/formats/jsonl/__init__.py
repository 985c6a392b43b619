"""JSON lines: everything that xlner knows about a sentence or a pair, one object per line.

An object has `tokens` (or `words`) with `entities` or with `ner_tags` (or `tags`), which are strings or numbers; or it
has only `text`. It may have `id` and `lang`. Unknown fields are kept and written back. The objects of pairs also have
`source`, `alignment`, `outcomes` and `error`.

Labels in the forms of other tools are read, too: see `xlner.formats.annotations`. A line may also be the pair of a text
and its labels, as in spaCy, and the file may be an array of objects.
"""

from xlner.formats.jsonl.blocks import PlacedText, are_plain, lines_of
from xlner.formats.jsonl.pair_blocks import ProjectedPairs, pair_lines
from xlner.formats.jsonl.reader import MALFORMED, has_only_text, read, read_pairs, read_records
from xlner.formats.jsonl.writer import dumped, sentence_record, source_record, write_pair, write_sentence

__all__ = [
    "MALFORMED",
    "PlacedText",
    "ProjectedPairs",
    "are_plain",
    "dumped",
    "has_only_text",
    "lines_of",
    "pair_lines",
    "read",
    "read_pairs",
    "read_records",
    "sentence_record",
    "source_record",
    "write_pair",
    "write_sentence",
]
