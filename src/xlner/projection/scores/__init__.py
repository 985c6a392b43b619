"""Scores of projecting an entity onto a candidate span, and their weighted sums."""
