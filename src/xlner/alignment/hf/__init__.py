"""Aligners on Hugging Face encoders, and fine-tuning of encoders for word alignment."""
