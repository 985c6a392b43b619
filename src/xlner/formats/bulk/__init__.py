"""Read large plain files in blocks of bytes, as arrays, with no object for each sentence.

A block is plain if the careful reader would give nothing for it but words, tags and links: no comments, no repairs, no
errors, no empty sentences. The careful readers read every other block from the same `BlockFile`.
"""

from xlner.formats.bulk.block_file import BlockFile
from xlner.formats.bulk.links_file import LinksFile
from xlner.formats.bulk.parallel import read_parallel_blocks
from xlner.formats.bulk.plain_links import plain_links
from xlner.formats.bulk.plain_pairs import PlainPairs
from xlner.formats.bulk.two_columns import as_two_columns

__all__ = [
    "BlockFile",
    "LinksFile",
    "PlainPairs",
    "as_two_columns",
    "plain_links",
    "read_parallel_blocks",
]
