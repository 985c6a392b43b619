"""Read large plain files in blocks of bytes, as arrays, with no object for each sentence.

A block is plain if the careful reader would give nothing for it but words, tags and links: no comments, no repairs, no
errors, no empty sentences. The careful readers read every other block from the same `BlockFile`.
"""

from xlner.formats.bulk.block_file import BlockFile
from xlner.formats.bulk.parallel import read_parallel_blocks
from xlner.formats.bulk.plain_columns import PlainColumns, plain_columns
from xlner.formats.bulk.plain_links import PlainLinks, plain_links
from xlner.formats.bulk.plain_pairs import PlainPairs
from xlner.formats.bulk.tag_runs import TagRuns

__all__ = [
    "BlockFile",
    "PlainColumns",
    "PlainLinks",
    "PlainPairs",
    "TagRuns",
    "plain_columns",
    "plain_links",
    "read_parallel_blocks",
]
