"""What a scenario file may hold, as a JSON Schema for editors and checkers."""

from dataclasses import MISSING, fields
from typing import Any

from pydantic import TypeAdapter

from simlib.scenario.design_loading import Catalogue
from simlib.scenario.document import ScenarioDocument
from simlib.scenario.presets import Preset, presets

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DESIGN_NAME = "^[a-z][a-z0-9_]{0,39}$"


def scenario_schema(catalogue: Catalogue) -> dict[str, Any]:
    """JSON Schema 2020-12 of a scenario file, with the settings of every part at each place.

    What only both sides of a design tell, such as a token format that does not fit, is left to the loader.
    """
    document = ScenarioDocument.model_json_schema()
    definitions = document["$defs"]
    design = definitions["DesignDocument"]["properties"]
    for place, found in catalogue.items():
        parts = {name: part for name, part in found.items() if not getattr(part, "refused", "")}
        if place == "flows":
            design[place]["additionalProperties"] = {"enum": list(parts)}
            continue
        definitions.update({f"{place}.{name}": _part(name, part) for name, part in parts.items()})
        kept = {key: value for key, value in design[place].items() if key in ("title", "default")}
        named = {} if place == "wrappers" else {p.name: p for p in presets().values() if p.part in parts}
        definitions.update({f"{place}.preset.{name}": _preset(one, parts[one.part]) for name, one in named.items()})
        choice = {
            "oneOf": [
                {"$ref": f"#/$defs/{place}.{name}"} for name in (*parts, *(f"preset.{preset}" for preset in named))
            ]
        }
        design[place] = {**kept, "type": "array", "items": choice} if place == "wrappers" else {**kept, **choice}
    document["properties"]["designs"]["propertyNames"] = {"pattern": _DESIGN_NAME}
    return {"$schema": DIALECT, **document}


def _part(name: str, part: type[Any]) -> dict[str, Any]:
    """One part with its settings as an object that names it."""
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


def _preset(preset: Preset, part: type[Any]) -> dict[str, Any]:
    """A preset, and the settings of its part that may stand beside it."""
    schema = _part(preset.name, part)
    alone = [other for other in presets().values() if other.product == preset.product] == [preset]
    names = [preset.name, preset.product] if alone else [preset.name]
    schema["properties"] = {**schema["properties"], "preset": {"enum": names, "description": preset.title}}
    del schema["properties"]["part"]
    return {**schema, "description": " ".join((preset.title, preset.note)).strip(), "required": ["preset"]}
