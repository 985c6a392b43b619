"""The recognizer that xlner ships: fine-tuned upper layers for the offline encoder, and their weights."""
