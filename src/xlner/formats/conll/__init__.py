"""CoNLL columns: one token per line with its tag, and a blank line after each sentence.

The reader accepts the variants that occur: any number of columns, separated by tabs or spaces; CoNLL-U and Universal
NER; a first column 1, 2, 3 …; a row with the names of the columns, or `# global.columns`; any tag scheme;
`-DOCSTART-` lines; comments; CRLF; the `en:token` of WikiANN; no-break spaces inside tokens; and files without a final
blank line. Each further blank line is an empty sentence, except at the end of the file. Where it is not certain which
column holds the tags, an error names the columns to choose from.
"""

from xlner.formats.conll.reader import ConllReader
from xlner.formats.conll.writer import write_conllu, write_sentence

__all__ = ["ConllReader", "write_conllu", "write_sentence"]
