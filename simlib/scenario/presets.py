"""What products do by default, as parts with settings: files of the bundled data, each value with its source."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, model_validator

from simlib.scenario.base import FrozenModel, bundled
from simlib.scenario.errors import InputError, in_one_line, unknown


class Preset(FrozenModel):
    """One product in one version.

    ``settings`` are those of the part, ``wrappers`` what the product puts around it. ``sources`` says for every setting
    where its value is from: a file with its address and version, or "assumption" and why. The settings of a wrapper are
    called wrapper.setting there.
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
        around = {
            f"{table.get('part')}.{key}": value
            for table in self.wrappers
            for key, value in table.items()
            if key != "part"
        }
        return {**self.settings, **around}

    @model_validator(mode="after")
    def _is_sourced(self) -> "Preset":
        for key in self.values:
            if not self.sources.get(key, "").strip():
                raise ValueError(f"sources.{key} is missing: every value has a source or is called an assumption")
        for key in self.sources:
            if key not in self.values:
                raise ValueError(f"sources.{key} is about no value; values are {', '.join(self.values)}")
        return self


@cache
def presets() -> Mapping[str, Preset]:
    """Name -> preset, all that are bundled. Raises InputError, naming the file, for one that cannot be used."""
    read = [read_preset(path) for path in sorted(bundled("presets").glob("*.toml"))]
    return MappingProxyType({preset.name: preset for preset in read})


def read_preset(path: Path) -> Preset:
    """One file, whose name is that of its preset; InputError with file and key."""
    try:
        preset = Preset.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise InputError(f"{path}: {in_one_line(error, Preset)}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a preset: {error}") from error
    if path.stem != preset.name:
        raise InputError(f"{path}: the preset {preset.name} belongs into a file of that name")
    return preset


def find_preset(word: object, where: str, known: Mapping[str, Preset] | None = None) -> Preset:
    """The preset of a name, or of a product with one version only; ``where`` begins the message of an InputError."""
    known = presets() if known is None else known
    if not isinstance(word, str):
        raise InputError(f"{where}: must be the name of a preset; allowed: {', '.join(known)}")
    if word in known:
        return known[word]
    found = [preset for preset in known.values() if preset.product == word]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(preset.name for preset in found)
        raise InputError(f"{where}: {word!r} has several versions that differ; allowed: {names}")
    versions = [preset for preset in known.values() if word.startswith(preset.product + "-")]
    longest = max((preset.product for preset in versions), key=len, default="")
    versions = [preset for preset in versions if preset.product == longest]
    if versions and word[len(longest) + 1 :][:1].isdigit():
        there = ", ".join(preset.version for preset in versions)
        raise InputError(f"{where}: unknown version {word[len(longest) + 1 :]!r} of {longest}; allowed: {there}")
    raise InputError(f"{where}: {unknown('preset', word, known)}")


class Expanded(NamedTuple):
    """The table of one place with part and settings spelled out, the preset that it names, and what that implies."""

    table: Mapping[str, Any]
    preset: str = ""
    wrappers: tuple[Mapping[str, Any], ...] = ()


def expanded(table: Mapping[str, Any], kinds: Mapping[str, type[Any]], where: str) -> Expanded:
    """A table that may name a preset; what stands beside it wins. ``kinds`` are the parts that may stand at the place.

    Raises InputError with key and what is allowed.
    """
    if "preset" not in table:
        return Expanded(table)
    if "part" in table:
        raise InputError(f"{where}: takes either part or preset; settings beside preset override its own")
    preset = find_preset(table["preset"], f"{where}.preset")
    if preset.part not in kinds:
        fitting = ", ".join(name for name, other in presets().items() if other.part in kinds) or "none"
        raise InputError(f"{where}.preset: {preset.name} is not for this place; allowed: {fitting}")
    beside = {key: value for key, value in table.items() if key != "preset"}
    return Expanded({"part": preset.part, **preset.settings, **beside}, preset.name, preset.wrappers)


def implied_wrappers(places: Iterable[Expanded], given: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The wrappers of the presets of a design, each preset once, without those that the design sets itself."""
    set_here = {table.get("part") for table in given}
    implied = {expanded.preset: expanded.wrappers for expanded in places}
    return [table for wrappers in implied.values() for table in wrappers if table.get("part") not in set_here]
