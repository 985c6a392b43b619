"""Kernels: functions over flat arrays that can be compiled, for projecting many sentences."""
