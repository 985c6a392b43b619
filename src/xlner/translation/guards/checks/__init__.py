"""The checks behind translation warnings and retry reasons, one file per kind of failure.

Every file holds the thresholds of its check at the top: those of the warning, and the weaker ones that only lead to a
second attempt (`RETRY_...`). All were chosen on translations by Apertium from Spanish to English, and measured in five
other directions (benchmarks/translation_guards.py). Improbability is given in powers of ten: 2 stands for 1 %.
"""
