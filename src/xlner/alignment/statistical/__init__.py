"""Aligners that learn from a bitext: eflomal and Thot."""
