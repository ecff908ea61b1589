"""Checks of settings, worded for the person who wrote the scenario file."""

from math import isfinite


def positive(key: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{key} must be a finite number above 0")


def at_least(key: str, value: float, least: float) -> None:
    """Refuse what is not a finite number of at least ``least``."""
    if not (isfinite(value) and value >= least):
        raise ValueError(f"{key} must be a finite number of at least {least:g}")


def one_of(key: str, value: str, allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a word that is not on the list; ``also`` goes on with what else is allowed."""
    if value not in allowed:
        raise ValueError(f"{key} must be one of {', '.join(allowed)}{also}")
