"""A translator, a format, a score and a data set for xlner."""
