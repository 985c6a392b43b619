"""What goes wrong in the field, and what xlner promises then. `benchmarks/faults.py` runs all of them."""
