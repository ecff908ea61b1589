"""Remedies of a design that breaks a limit: settings, and the values with which it would keep it.

They are searched for, not declared: each duration of the design and of its parts is lowered as far as needed, alone or
together with others, then switches are turned. So a remedy holds for every part, those of plug-ins included.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from simlib.deployment.design_settings import (
    SHORTEST_LIFETIME_S,
    Setting,
    change_settings,
    list_durations,
    list_switches,
    read_setting,
)
from simlib.scenario.design import Design
from simlib.scenario.setting_changes import Remedy, SettingChange

FACTORS = (1e-3, 1e-2, 0.1, 0.5, 1e3)
"""By which a setting is changed to see whether it matters."""
HALVINGS, DOUBLINGS, STEPS = 40, 24, 60
SHORTEST_DURATION_S = 1e-3
"""Durations below this one are none for a reader: 0 is named in their place where it would do."""
LONGEST_S = 1e9
"""Duration that stands for no end, to see whether a longer one is any use."""
NOTHING: Mapping[Any, float] = MappingProxyType({})

Measure = Callable[[Design], float]
"""Quantity that a limit is on, of a changed design; raises ValueError for one that cannot be built."""


@dataclass(frozen=True)
class RemedySearch:
    """Search for changes of one design after which what is measured is at most ``most``."""

    design: Design
    measure: Measure
    most: float

    def find_lowered(self) -> tuple[Remedy, ...]:
        """Remedies by lower durations, those of parts before the lifetime of tokens; else with a switch turned."""
        remedies = tuple(self._lower(self.design))
        return remedies or tuple(self._turn_switches())

    def find_raised(self) -> Iterator[Remedy]:
        """Remedies by one longer duration."""
        for setting in list_durations(self.design, 0.0):
            value = self._find_smallest(setting) if self._matters(self.design, setting) else None
            if value is not None:
                yield describe_changes(self.design, {setting: value})

    def find_raised_together(self, has_switches: bool = True) -> Mapping[Setting, Any] | None:
        """Longer durations that are enough together, if need be with a switch turned; None when none are.

        Each setting that lowers the measure is raised, so the measure must not hide one shortage behind another.
        """
        switches = list_switches(self.design) if has_switches else ()
        for start in ({}, *({setting: value} for setting, value in switches)):
            values = self._raise_all(start)
            if values is not None:
                for setting in [setting for setting in values if setting not in start]:
                    values[setting] = self._find_least(values, setting)
                return values
        return None

    def _raise_all(self, start: Mapping[Setting, Any]) -> dict[Setting, Any] | None:
        """Raise what lowers the measure to the longest duration, until it is enough."""
        values, measured = dict(start), self._try(self.design, start)
        for setting in list_durations(self.design, 0.0):
            if measured is None or measured <= self.most:
                break
            lowest = self._try(self.design, {**values, setting: LONGEST_S})
            if lowest is not None and lowest < measured:
                values[setting], measured = LONGEST_S, lowest
        return values if measured is not None and measured <= self.most else None

    def _find_least(self, values: Mapping[Setting, Any], setting: Setting) -> float:
        """Least value of a setting, of three digits, that is enough with the others as they are."""
        least = float(read_setting(self.design, setting))
        trials = [least, *(max(least, 1.0) * 2.0**k for k in range(1, DOUBLINGS)), LONGEST_S]
        found = _bisect(trials, lambda value: self._is_kept(self.design, {**values, setting: value}), 16)
        return LONGEST_S if found is None else found

    def _lower(self, design: Design) -> Iterator[Remedy]:
        durations = list_durations(design)
        own = [setting for setting in durations if self._matters(design, setting)]
        of_parts = [setting for setting in own if setting.place]
        alone = [changed for setting in of_parts if (changed := self._lower_together(design, [setting]))]
        yield from alone or filter(None, [self._lower_needed(design, of_parts)])
        lifetime = self._lower_together(design, own[len(of_parts) :])
        yield from filter(None, [lifetime])
        if not alone and not lifetime:
            yield from filter(None, [self._lower_needed(design, own)])

    def _matters(self, design: Design, setting: Setting) -> bool:
        """Whether another value of a setting, the others as they are, gives another measure."""
        now, own = self._try(design, {}), read_setting(design, setting) or 1.0
        return any(self._try(design, {setting: own * factor}) not in (now, None) for factor in FACTORS)

    def _lower_needed(self, design: Design, own: Sequence[Setting]) -> Remedy:
        """Lower those of the settings without which it would not be enough, and settings tied to them if need be."""
        places = {(setting.place, setting.number) for setting in own}
        tied = [setting for setting in list_durations(design) if (setting.place, setting.number) in places]
        settings = next((tried for tried in (own, tied) if self._find_cap(design, tried)), ())
        for setting in settings:
            fewer = [other for other in settings if other != setting]
            if self._find_cap(design, fewer):
                settings = fewer
        return self._lower_together(design, settings)

    def _lower_together(self, design: Design, settings: Sequence[Setting]) -> Remedy:
        """Lower settings to one value, then raise each again as far as the others allow; empty when it is no use."""
        values = self._find_cap(design, settings)
        if not values:
            return ()
        for setting in settings if len(settings) > 1 else ():
            rest = {other: value for other, value in values.items() if other != setting}
            raised = self._find_cap(design, (setting,), rest)
            values[setting] = max(raised.get(setting, 0.0), values[setting])
        return describe_changes(self.design, values)

    def _find_cap(
        self, design: Design, settings: Sequence[Setting], fixed: Mapping[Setting, float] = NOTHING
    ) -> dict[Setting, float]:
        """Values of the settings under the largest cap that is enough; empty when none is."""
        now = {setting: float(read_setting(design, setting)) for setting in settings}
        highest = max(now.values(), default=0.0)

        def cap(value: float) -> dict[Setting, float]:
            return {setting: min(own, value) for setting, own in now.items()}

        def is_enough(value: float) -> bool:
            return self._is_kept(design, {**fixed, **cap(value)})

        likely = (self.most, self.most / max(len(now), 1), self.most / 2)
        trials = {highest, *(value for value in (*likely, *_list_lower(highest)) if 0 <= value < highest)}
        found = _bisect(sorted(trials, reverse=True), is_enough)
        if found is not None and 0.0 < found < SHORTEST_DURATION_S:
            found = 0.0 if is_enough(0.0) else None
        return {} if found is None else cap(found)

    def _find_smallest(self, setting: Setting) -> float | None:
        now = float(read_setting(self.design, setting))
        trials = [now, *(max(now, 1.0) * 2.0**k for k in range(1, DOUBLINGS))]
        return _bisect(trials, lambda value: self._is_kept(self.design, {setting: value}))

    def _turn_switches(self) -> Iterator[Remedy]:
        for setting, value in list_switches(self.design):
            turned = describe_changes(self.design, {setting: value})
            if self._is_kept(self.design, {setting: value}):
                yield turned
            elif self._try(self.design, {setting: value}) is not None:
                further = self._lower(change_settings(self.design, {setting: value}))
                yield from ((*turned, *remedy) for remedy in further)

    def _is_kept(self, design: Design, values: Mapping[Setting, Any]) -> bool:
        measured = self._try(design, values)
        return measured is not None and measured <= self.most

    def _try(self, design: Design, values: Mapping[Setting, Any]) -> float | None:
        """Measure of a changed design; None when its settings contradict each other or a package is missing."""
        try:
            changed = change_settings(design, values)
            return self.measure(changed) if changed.token_lifetime_s >= SHORTEST_LIFETIME_S else None
        except (ValueError, ImportError):
            return None


def _list_lower(highest: float) -> Iterator[float]:
    yield from (highest / 2.0**k for k in range(1, HALVINGS))
    yield from (SHORTEST_LIFETIME_S, 0.0)


def _bisect(trials: Sequence[float], is_enough: Callable[[float], bool], steps: int = STEPS) -> float | None:
    """First value that is enough, on the way from one that is not, rounded to few digits; None when no trial is."""
    first = next((number for number, value in enumerate(trials) if is_enough(value)), None)
    if not first:
        return None if first is None else trials[0]
    bad, good = trials[first - 1], trials[first]
    for _ in range(steps):
        middle = (bad + good) / 2
        bad, good = (bad, middle) if is_enough(middle) else (middle, good)
    towards_good = math.ceil if good > bad else math.floor
    rounded = (_round(good, digits, own) for digits in (3, 6) for own in (round, towards_good))
    return next((value for value in rounded if is_enough(value)), good)


def _round(value: float, digits: int, to_whole: Callable[[float], int]) -> float:
    """The value with so many significant digits."""
    if value == 0:
        return 0.0
    exponent = math.floor(math.log10(abs(value))) - digits + 1
    return float(f"{to_whole(float(f'{value:.12e}') / 10.0**exponent)}e{exponent}")


def describe_changes(design: Design, values: Mapping[Setting, Any]) -> Remedy:
    """Describe changed settings, but not those that stay, by their keys in the file and their labels for readers."""
    return tuple(
        SettingChange(
            f"designs.{design.name}.{_name_setting(setting, f'wrappers.{setting.number}')}",
            _name_setting(setting, design.wrappers[setting.number].part if setting.number >= 0 else ""),
            read_setting(design, setting),
            value,
        )
        for setting, value in values.items()
        if value != read_setting(design, setting)
    )


def _name_setting(setting: Setting, wrapper: str) -> str:
    if not setting.place:
        return setting.name
    return f"{setting.place if setting.number < 0 else wrapper}.{setting.name}"
