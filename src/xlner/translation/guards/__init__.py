"""Guards on translations: checks for typical failures, and a translator that retries what looks wrong."""
