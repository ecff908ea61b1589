"""Scenarios: the values that a run depends on, and the vocabulary that all other packages share."""
