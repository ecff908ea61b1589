"""Setting changes: other values of settings by which a design would keep a limit, and the sentence that names them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class SettingChange(NamedTuple):
    """Another value of one setting. ``key``: dotted, as in the scenario's file; ``label``: shorter, for readers.

    ``value``: as it stands in the file: for a part its table, None for none; [] for no wrappers.
    """

    key: str
    label: str
    now: Any
    value: Any


Remedy = tuple[SettingChange, ...]
"""Changes that are made together."""


def describe_remedy(remedy: Remedy, effect: str) -> str:
    """Sentence without full stop: the settings as they are, their ``effect`` (an infinitive), values that would do."""
    now = join_words([f"{change.label} = {format_value(change.now)}" for change in remedy])
    verb, rest = effect.split(" ", 1)
    values = join_words([format_value(change.value) for change in remedy])
    return f"{now} {verb}{'s' if len(remedy) == 1 else ''} {rest}; {values} would do"


def format_value(value: Any) -> str:
    """Value of a setting as in a scenario file, a text without its quotes; of a part its name and settings."""
    if isinstance(value, Mapping):
        own = [f"{name} = {format_value(setting)}" for name, setting in value.items() if name != "part"]
        return f"{value['part']}{f' with {join_words(own)}' if own else ''}"
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)


def join_words(items: Sequence[str]) -> str:
    """Items with commas, and "and" before the last one."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
