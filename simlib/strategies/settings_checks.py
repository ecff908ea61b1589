"""Checks of settings. Each raises ValueError, worded for the author of a scenario file."""

from collections.abc import Iterable
from math import isfinite

from simlib.tokens import TokenFormat


def check_positive(key: str, value: float) -> None:
    """Refuse what is not a finite number above 0."""
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{key} must be a finite number above 0")


def check_at_least(key: str, value: float, least: float) -> None:
    """Refuse what is not a finite number of at least ``least``."""
    if not (isfinite(value) and value >= least):
        raise ValueError(f"{key} must be a finite number of at least {least:g}")


def check_numbers(settings: object, positive: Iterable[str] = (), **least: float) -> None:
    """Refuse settings that are not finite, those in ``positive`` unless above 0, each other from its least value."""
    for key in positive:
        check_positive(key, getattr(settings, key))
    for key, lowest in least.items():
        check_at_least(key, getattr(settings, key), lowest)


def check_share(key: str, value: float) -> None:
    """Refuse what is not a number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{key} must be a share from 0 to 1")


def check_one_of(key: str, value: str, allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a word that is not on the list; ``also`` continues the message with what else is allowed."""
    if value not in allowed:
        raise ValueError(f"{key} must be one of {', '.join(allowed)}{also}")


def check_each_of(key: str, values: Iterable[str], allowed: tuple[str, ...], also: str = "") -> None:
    """Refuse a list with a word that is not allowed."""
    for value in values:
        check_one_of(key, value, allowed, also)


def check_package(part: str, token_format: TokenFormat) -> None:
    """Refuse a part whose token format needs a package that is not installed."""
    if not token_format.is_installed:
        needed = f"{part} needs the package {token_format.package}, which is not installed"
        raise ValueError(f"{needed}: pip install 'simlib[{token_format.extra}]'")
