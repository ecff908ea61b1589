"""JSON Schema of scenario files, for editors and checkers."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter

from simlib.scenario.design import Catalogue
from simlib.scenario.document import ScenarioDocument
from simlib.scenario.presets import Preset, load_presets

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DESIGN_NAME = "^[a-z][a-z0-9_]{0,39}$"


def build_scenario_schema(catalogue: Catalogue, disciplines: Sequence[str] = ()) -> dict[str, Any]:
    """Build the JSON Schema 2020-12 of a scenario file, with the settings of every part at each place.

    ``disciplines`` are the names that hosts may have as their queueing discipline; without any, all names are.

    Only the loader checks the compatibility of parts, such as their token formats.
    """
    document = ScenarioDocument.model_json_schema()
    definitions = document["$defs"]
    design = definitions["DesignDocument"]["properties"]
    for place, kinds in catalogue.items():
        parts = {name: part for name, part in kinds.items() if not getattr(part, "refused", "")}
        if place == "flows":
            design[place]["additionalProperties"] = {"enum": list(parts)}
            continue
        definitions.update({f"{place}.{name}": _describe_part(name, part) for name, part in parts.items()})
        common = {key: value for key, value in design[place].items() if key in ("title", "default")}
        fitting = {} if place == "wrappers" else {p.name: p for p in load_presets().values() if p.part in parts}
        definitions.update(
            {f"{place}.preset.{name}": _describe_preset(preset, parts[preset.part]) for name, preset in fitting.items()}
        )
        choice = {
            "oneOf": [
                {"$ref": f"#/$defs/{place}.{name}"} for name in (*parts, *(f"preset.{preset}" for preset in fitting))
            ]
        }
        design[place] = {**common, "type": "array", "items": choice} if place == "wrappers" else {**common, **choice}
    for definition in definitions.values():
        if disciplines and "discipline" in definition.get("properties", {}):
            definition["properties"]["discipline"]["enum"] = list(disciplines)
            definition["properties"]["discipline"].pop("examples", None)
    document["properties"]["designs"]["propertyNames"] = {"pattern": _DESIGN_NAME}
    return {"$schema": DIALECT, **document}


def _describe_part(name: str, part: type[Any]) -> dict[str, Any]:
    """Describe one part with its settings as an object that names it."""
    kind = part.Settings
    return {
        "title": name,
        "description": f"{part.summary}. {' '.join((kind.__doc__ or '').split())}",
        "type": "object",
        "properties": {
            "part": {"const": name, "description": part.summary},
            **TypeAdapter(kind).json_schema().get("properties", {}),
        },
        "required": ["part", *(field.name for field in fields(kind) if field.default is MISSING)],
        "additionalProperties": False,
    }


def _describe_preset(preset: Preset, part: type[Any]) -> dict[str, Any]:
    """Describe a preset, and the settings of its part that may override its own."""
    schema = _describe_part(preset.name, part)
    is_only_version = [other for other in load_presets().values() if other.product == preset.product] == [preset]
    names = [preset.name, preset.product] if is_only_version else [preset.name]
    schema["properties"] = {**schema["properties"], "preset": {"enum": names, "description": preset.title}}
    del schema["properties"]["part"]
    return {**schema, "description": " ".join((preset.title, preset.note)).strip(), "required": ["preset"]}
