"""Document model of a scenario file, before parts are looked up in the catalogue, and its JSON Schema for editors."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from simlib.scenario.base import FrozenModel
from simlib.scenario.design import Catalogue
from simlib.scenario.economics import Organisation, Prices, Terms, Worth
from simlib.scenario.limits import Limits, Margins
from simlib.scenario.presets import Preset, load_presets
from simlib.scenario.run import Run
from simlib.scenario.texts import check_title
from simlib.scenario.world import World

Title = Annotated[str, AfterValidator(check_title)]


class Replicas(FrozenModel):
    """Number of replicas of each host, in each of its regions; ``inner_service``: of each inner service."""

    service: Annotated[int, Field(ge=1, le=1000)] = 1
    authorization_server: Annotated[int, Field(ge=1, le=1000)] = 1
    gateway: Annotated[int, Field(ge=1, le=1000)] = 1
    inner_service: Annotated[int, Field(ge=1, le=1000)] = 1


class AdmissionDocument(FrozenModel):
    """Admission limit of a host; see `simlib.scenario.design.Admission`."""

    limit: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="most unanswered requests of each replica; further ones are refused with 503"
    )
    retry_after_s: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        default=None, description="Retry-After of the refusal, seconds"
    )


class AdmissionsDocument(FrozenModel):
    """Admission limits by kind of host; none by default."""

    service: AdmissionDocument | None = None
    authorization_server: AdmissionDocument | None = None
    gateway: AdmissionDocument | None = None
    inner_service: AdmissionDocument | None = None


class RefreshDocument(FrozenModel):
    """Policy of the authorization server for refresh tokens; see `simlib.scenario.design.RefreshPolicy`."""

    rotation: bool = Field(default=False, description="each is valid for one use, and its reuse ends the session")
    lifetime_s: Annotated[float, Field(ge=1, le=1e9)] = 2_592_000.0


class DesignDocument(FrozenModel):
    """One design: its token and the part at each place, named by ``part`` with its settings beside it.

    ``gateway`` only for designs that use the world's gateway. ``inner_service`` is how inner services validate (by
    default as ``service``), ``downstream`` the token with which services call others. ``wrappers`` wrap the parts in
    their order. ``flows``: kind of client -> the flow by which it signs in.
    """

    title: Title = Field(default="", description="by default the name of the design")
    token_lifetime_s: Annotated[float, Field(ge=2, le=31_536_000)]
    user_information: Literal["token", "introspection", "userinfo"] = Field(
        description="source of claims about the user for the service"
    )
    client: dict[str, Any] = Field(default={"part": "bearer"})
    gateway: dict[str, Any] | None = None
    service: dict[str, Any]
    inner_service: dict[str, Any] | None = None
    downstream: dict[str, Any] | None = None
    authorization_server: dict[str, Any]
    wrappers: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    flows: dict[str, str] = Field(default={})
    refresh: RefreshDocument = RefreshDocument()
    max_revocation_lag_s: Annotated[float, Field(ge=0, le=1e9)] | None = Field(
        default=None, description="refuse settings under which a revoked token may be accepted for longer than this"
    )
    replicas: Replicas = Replicas()
    admission: AdmissionsDocument = AdmissionsDocument()
    presets: dict[str, str] = Field(
        default={}, description="written by runs: place -> the preset that its part and settings came from"
    )


class ScenarioDocument(FrozenModel):
    """A whole scenario file."""

    format: Literal[1] = 1
    name: str = Field(default="", description="by default the name of the file")
    title: Title
    description: str = ""
    world: World
    designs: Annotated[dict[str, DesignDocument], Field(min_length=1)]
    run: Run
    limits: Limits = Limits()
    margins: Margins = Margins()
    prices: Prices = Prices()
    worth: Worth = Worth()
    organisation: Organisation = Organisation()
    decision: Terms = Terms()


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
