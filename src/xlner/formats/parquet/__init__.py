"""Parquet files of sentences as on the Hugging Face hub: one row per sentence, with the fields of JSONL.

What JSON has no form for becomes text or null, with a warning: dates, decimal numbers, bytes, NaN. The names of numeric
tags are in the metadata that the library `datasets` writes.
"""

from xlner.formats.parquet.reader import is_own, plain_row, read
from xlner.formats.parquet.writer import ParquetFile, parquet_writer, write

__all__ = ["ParquetFile", "is_own", "parquet_writer", "plain_row", "read", "write"]
