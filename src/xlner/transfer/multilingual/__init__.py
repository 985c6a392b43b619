"""Training of the recognizer that xlner ships: upper layers for the offline encoder, on data in many languages."""
