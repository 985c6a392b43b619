"""Aligners that learn from the bitext: eflomal and Thot."""
