"""Markers around entities: write them, read them back, and match them to entities."""
