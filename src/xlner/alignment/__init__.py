"""Word alignment: encoders that give word vectors, and decoders that turn similarities into links.

This package imports nothing by itself; take `xlner.alignment.decoders` or an aligner module such as
`xlner.alignment.e5`.
"""
