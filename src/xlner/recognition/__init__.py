"""Named entity recognition on source sentences."""
