"""The offline encoder, multilingual-e5-small in 4 bits: its file, its transformer, its sub-words."""
