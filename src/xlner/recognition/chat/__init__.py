"""Large language models behind a chat endpoint, as recognizers."""
