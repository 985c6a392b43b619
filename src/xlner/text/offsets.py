"""Half-open ranges of positions."""

Span = tuple[int, int]
"""`[start, end)`, in code points of a text or in tokens of a sentence."""
