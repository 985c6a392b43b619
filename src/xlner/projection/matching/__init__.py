"""Choose disjoint candidate spans: greedily, exactly, or with an integer program."""
