"""Attacks run against real deployed designs, message by message in simulated time."""
