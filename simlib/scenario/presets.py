"""Presets: defaults of products as parts with settings, from bundled files that state the source of each value."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, model_validator

from simlib.scenario.base import FrozenModel, find_bundled
from simlib.scenario.errors import InputError, describe_first_mistake, describe_unknown


class Preset(FrozenModel):
    """One product in one version.

    ``settings`` are those of the part, ``wrappers`` those that the product adds. ``sources`` has the source of every
    setting: a file with its address and version, or "assumption" and the reason. A wrapper's setting is named
    wrapper.setting there.
    """

    product: str = Field(pattern="^[a-z][a-z0-9-]*$")
    version: str = Field(pattern="^[A-Za-z0-9.]+$")
    title: str
    note: str = ""
    read: str = Field(description="when the sources were read")
    part: str
    settings: dict[str, Any] = Field(default={})
    wrappers: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    sources: dict[str, str]

    @property
    def name(self) -> str:
        """Product and version."""
        return f"{self.product}-{self.version}"

    @property
    def values(self) -> dict[str, Any]:
        """Every value by the name that it has in ``sources``."""
        of_wrappers = {
            f"{table.get('part')}.{key}": value
            for table in self.wrappers
            for key, value in table.items()
            if key != "part"
        }
        return {**self.settings, **of_wrappers}

    @model_validator(mode="after")
    def _is_sourced(self) -> "Preset":
        for key in self.values:
            if not self.sources.get(key, "").strip():
                raise ValueError(f"sources.{key} is missing: every value needs a source, or the word assumption")
        for key in self.sources:
            if key not in self.values:
                raise ValueError(f"sources.{key} belongs to no value; values are {', '.join(self.values)}")
        return self


@cache
def load_presets() -> Mapping[str, Preset]:
    """Load all bundled presets: name -> preset. Raises InputError, naming the file, for an unusable one."""
    loaded = [read_preset(path) for path in sorted(find_bundled("presets").glob("*.toml"))]
    return MappingProxyType({preset.name: preset for preset in loaded})


def read_preset(path: Path) -> Preset:
    """Read one file, whose name is that of its preset; InputError with file and key."""
    try:
        preset = Preset.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise InputError(f"{path}: {describe_first_mistake(error, Preset)}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a preset: {error}") from error
    if path.stem != preset.name:
        raise InputError(f"{path}: the preset {preset.name} belongs into a file of that name")
    return preset


def find_preset(name: object, where: str, available: Mapping[str, Preset] | None = None) -> Preset:
    """Find the preset of a name, or of a product with one version only; ``where`` begins the message of errors."""
    presets = load_presets() if available is None else available
    if not isinstance(name, str):
        raise InputError(f"{where}: must be the name of a preset; allowed: {', '.join(presets)}")
    if name in presets:
        return presets[name]
    versions = [preset for preset in presets.values() if preset.product == name]
    if len(versions) == 1:
        return versions[0]
    if versions:
        names = ", ".join(preset.name for preset in versions)
        raise InputError(f"{where}: {name!r} has several versions that differ; allowed: {names}")
    versions = [preset for preset in presets.values() if name.startswith(preset.product + "-")]
    longest = max((preset.product for preset in versions), key=len, default="")
    versions = [preset for preset in versions if preset.product == longest]
    if versions and name[len(longest) + 1 :][:1].isdigit():
        numbers = ", ".join(preset.version for preset in versions)
        raise InputError(f"{where}: unknown version {name[len(longest) + 1 :]!r} of {longest}; allowed: {numbers}")
    raise InputError(f"{where}: {describe_unknown('preset', name, presets)}")


class ExpandedTable(NamedTuple):
    """The table of one place with explicit part and settings, the name of its preset, and the preset's wrappers."""

    table: Mapping[str, Any]
    preset: str = ""
    wrappers: tuple[Mapping[str, Any], ...] = ()


def expand_preset(table: Mapping[str, Any], kinds: Mapping[str, type[Any]], where: str) -> ExpandedTable:
    """Expand a table that may name a preset; settings beside it override its own. ``kinds``: the parts of the place.

    Raises InputError with key and allowed values.
    """
    if "preset" not in table:
        return ExpandedTable(table)
    if "part" in table:
        raise InputError(f"{where}: needs either part or preset, not both; settings beside preset override its own")
    preset = find_preset(table["preset"], f"{where}.preset")
    if preset.part not in kinds:
        fitting = ", ".join(name for name, other in load_presets().items() if other.part in kinds) or "none"
        raise InputError(f"{where}.preset: {preset.name} is not for this place; allowed: {fitting}")
    overrides = {key: value for key, value in table.items() if key != "preset"}
    return ExpandedTable({"part": preset.part, **preset.settings, **overrides}, preset.name, preset.wrappers)


def list_implied_wrappers(places: Iterable[ExpandedTable], own: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """List the wrappers of a design's presets, each preset once, without those that the design sets itself."""
    own_parts = {table.get("part") for table in own}
    implied = {expanded.preset: expanded.wrappers for expanded in places}
    return [table for wrappers in implied.values() for table in wrappers if table.get("part") not in own_parts]
