"""Carrying source entities over to target spans: candidates, scores, matchers and strategies. Pure algorithms."""
