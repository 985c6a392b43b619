"""Choosing disjoint candidate spans: greedily, exactly, by an integer program."""
