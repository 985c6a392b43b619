"""Text as strings and offsets: tokenizer, detokenizer, sentence splitter, spelling, language codes."""
