"""Checks of translations, and a translator that tries again where they fail."""
