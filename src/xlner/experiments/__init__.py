"""Experiments as data: reproduction of published results, and the study of language families."""
