"""Compiled kernels for projecting many sentences."""
