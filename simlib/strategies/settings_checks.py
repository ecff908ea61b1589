"""Checks of settings. Each raises ValueError, worded for the author of a scenario file."""

from math import isfinite

from simlib.tokens import KEY_MANAGEMENT, is_jwe_available, is_paseto_available


def check_positive(key: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{key} must be a finite number above 0")


def check_at_least(key: str, value: float, least: float) -> None:
    """Refuse what is not a finite number of at least ``least``."""
    if not (isfinite(value) and value >= least):
        raise ValueError(f"{key} must be a finite number of at least {least:g}")


def check_share(key: str, value: float) -> None:
    """Refuse what is not a number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{key} must be a share from 0 to 1")


def check_one_of(key: str, value: str, allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a word that is not on the list; ``also`` continues the message with what else is allowed."""
    if value not in allowed:
        raise ValueError(f"{key} must be one of {', '.join(allowed)}{also}")


def check_jwe(key_management: str) -> None:
    """Refuse an unknown key management algorithm, and all of them where the package joserfc is not installed."""
    check_one_of("key_management", key_management, KEY_MANAGEMENT)
    if not is_jwe_available():
        raise ValueError("encrypted_jwt needs the package joserfc, which is not installed: pip install 'simlib[jwe]'")


def check_paseto() -> None:
    """Refuse where the package pyseto is not installed."""
    if not is_paseto_available():
        raise ValueError("paseto needs the package pyseto, which is not installed: pip install 'simlib[paseto]'")
