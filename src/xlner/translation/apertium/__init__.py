"""Apertium: rule-based translation, offline, and the word links that it knows of."""
