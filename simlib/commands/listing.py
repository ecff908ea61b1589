"""Commands that list what simlib has: `scenarios`, `strategies`, `presets` and the `schema` of scenario files."""

from dataclasses import MISSING, Field, fields
from typing import Annotated, Any

import typer

from simlib.commands.console import open_console, print_json, print_paragraph


def scenarios(
    toml: Annotated[
        str | None,
        typer.Option(metavar="SCENARIO", help="Print this scenario as TOML instead, with every default."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the bundled scenarios: names for other commands, and files to copy and change.

    \b
    Examples:
      simlib compare web-shop
      simlib scenarios --toml web-shop > my.toml          every value written down, to be changed
      simlib scenarios --toml out/run.json > again.toml   the scenario of an earlier run
    """
    if toml is not None:
        _print_toml(toml, json)
        return
    listed = _collect_scenarios()
    if json:
        print_json(listed)
        return
    screen = open_console()
    for scenario in listed:
        print_paragraph(screen, f"{scenario['name']}: {scenario['title']}", 0, "bold")
        print_paragraph(screen, scenario["description"], 2)
        print_paragraph(
            screen,
            f"about {scenario['expected_requests']:,.0f} requests per run, {scenario['replications']} replications",
            2,
        )
        print_paragraph(screen, f"designs: {', '.join(scenario['designs'])}", 2)
        screen.print(f"  {scenario['path']}", soft_wrap=True)


def _print_toml(source: str, json: bool) -> None:
    from pathlib import Path

    from simlib.deployment.loading import load_scenario
    from simlib.scenario.errors import InputError
    from simlib.scenario.writing import format_scenario

    if json:
        raise InputError("--toml and --json: give one of them")
    print(format_scenario(load_scenario(source), Path.cwd()), end="")


def _collect_scenarios() -> list[dict[str, Any]]:
    """List the bundled scenarios from their documents: parts are looked up where a scenario is run."""
    from simlib.scenario.base import bundled_scenarios
    from simlib.scenario.document import ScenarioDocument
    from simlib.scenario.reading import read_document

    documents = {path: ScenarioDocument.model_validate(read_document(path)) for path in bundled_scenarios().values()}
    return [
        {
            "name": name,
            "title": documents[path].title,
            "description": documents[path].description,
            "path": str(path),
            "expected_requests": documents[path].world.count_expected_requests(documents[path].run.length_s),
            "replications": documents[path].run.replications,
            "designs": list(documents[path].designs),
        }
        for name, path in bundled_scenarios().items()
    ]


LIFETIME_S = 300.0
"""Token lifetime for which the bounds are stated."""
_UNITS = {"_s": "seconds", "_bytes": "bytes"}


def strategies(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the parts that a design is made of: places, parts, settings with defaults, and the bounds they guarantee.

    \b
    In a scenario file:
      [designs.mine]
      service = { part = "opaque_cached", ttl_s = 60 }
      wrappers = [{ part = "dpop" }]
      flows = { mobile = "authorization_code" }
    """
    catalogue = _collect_parts()
    if json:
        print_json(catalogue)
        return
    screen = open_console()
    for place, parts in catalogue.items():
        screen.print(place, style="bold underline")
        for part in parts:
            print_paragraph(screen, part["part"], 2, "bold")
            print_paragraph(screen, part["summary"], 4)
            if _describe_formats(part):
                print_paragraph(screen, _describe_formats(part), 4, "dim")
            if part["missing"]:
                print_paragraph(screen, part["missing"], 4, "yellow")
            if part["refused"]:
                print_paragraph(screen, f"refused in designs: {part['refused']}", 4, "dim")
            for setting in part["settings"]:
                unit = f" {setting['unit']}" if setting["unit"] else ""
                print_paragraph(screen, f"{setting['name']} = {_format_toml(setting['default'])}{unit}", 6)
            if part["bound"] is not None:
                print_paragraph(screen, _describe_bound(part["bound"]), 4, "dim")


def _describe_bound(bound: dict[str, float]) -> str:
    return (
        f"with these, tokens that live {LIFETIME_S:g} s are accepted at most {bound['after_expiry_s']:g} s after "
        f"expiry and {bound['after_revocation_s']:g} s after revocation"
    )


def _collect_parts() -> dict[str, list[dict[str, Any]]]:
    from simlib.deployment.parts import PARTS

    return {place: [_describe_part(name, part) for name, part in parts.items()] for place, parts in PARTS.items()}


def _describe_part(name: str, part: "type[Any]") -> dict[str, Any]:
    from simlib.strategies.base import describe_missing_package

    missing = describe_missing_package(part)
    return {
        "part": name,
        "summary": part.summary,
        "token_format": _name_format(getattr(part, "token_format", None)),
        "forwards": _name_format(getattr(part, "forwards", None)),
        "formats": [str(each) for each in sorted(getattr(part, "formats", ()))],
        "for_clients": list(getattr(part, "client_kinds", ())),
        "refused": getattr(part, "refused", ""),
        "settings": [_describe_setting(field) for field in fields(part.Settings)],
        "bound": None if missing else _compute_bound(part),
        "missing": missing,
    }


def _name_format(token_format: Any) -> str | None:
    return None if token_format is None else str(token_format)


def _describe_formats(part: dict[str, Any]) -> str:
    """Token formats and clients that a part is for, in words; empty for parts that take any."""
    words = []
    if part["token_format"]:
        words.append(f"for {part['token_format']} tokens")
    if part["forwards"]:
        words.append(f"forwards {part['forwards']} tokens to inner services")
    if part["formats"]:
        words.append(f"wraps parts for {', '.join(part['formats'])} tokens")
    if part["for_clients"]:
        words.append(f"for clients of kind {', '.join(part['for_clients'])}")
    return "; ".join(words)


def _describe_setting(field: "Field[Any]") -> dict[str, Any]:
    default = None if field.default is MISSING else field.default
    unit = next((unit for ending, unit in _UNITS.items() if field.name.endswith(ending)), "")
    return {"name": field.name, "default": list(default) if isinstance(default, tuple) else default, "unit": unit}


def _compute_bound(part: "type[Any]") -> dict[str, float] | None:
    """Bounds of a part with its default settings; None for parts without bounds and for vulnerable ones."""
    refused: str = getattr(part, "refused", "")
    if refused or not hasattr(part, "compute_bound"):
        return None
    bound: dict[str, float] = part(part.Settings(), _build_deployment()).compute_bound()._asdict()
    return bound


def _build_deployment() -> Any:
    """A deployment to compute bounds in; only its lifetime of tokens matters."""
    from simlib.strategies import Credentials, DeploymentConfig
    from simlib.tokens import generate_signing_key

    credentials = Credentials("client", "secret")
    return DeploymentConfig(
        issuer="issuer",
        audience="audience",
        scope="scope",
        token_lifetime_s=LIFETIME_S,
        user_information="token",
        resource_server=credentials,
        client=credentials,
        user_claims=lambda subject: {},
        make_key=lambda algorithm: generate_signing_key("EdDSA", "key"),
    )


def _format_toml(value: Any) -> str:
    """A default value as it is written in a scenario file."""
    from json import dumps

    return "(must be given)" if value is None else dumps(value)


def presets(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the presets: default settings of gateways and libraries, each value with its source.

    \b
    In a scenario file, a preset is named in place of a part; settings beside it override those of the preset:
      [designs.mine]
      service = { preset = "pyjwt-2.12" }
      service = { preset = "spring-security", jwks_lifetime_s = 3600 }
    A product with only one version may be named without the version.
    """
    listed = _collect_presets()
    if json:
        print_json(listed)
        return
    screen = open_console()
    for preset in listed:
        print_paragraph(screen, f"{preset['preset']}: {preset['title']}", 0, "bold")
        if preset["note"]:
            print_paragraph(screen, preset["note"], 2)
        print_paragraph(screen, f"part {preset['part']}", 2)
        for setting in preset["settings"]:
            print_paragraph(screen, f"{setting['name']} = {_format_toml(setting['value'])}", 4)
            print_paragraph(screen, setting["source"], 8, "dim")
        print_paragraph(screen, f"sources read {preset['read']}", 2, "dim")


def _collect_presets() -> list[dict[str, Any]]:
    from simlib.scenario.presets import load_presets

    return [
        {
            "preset": preset.name,
            "product": preset.product,
            "version": preset.version,
            "title": preset.title,
            "note": preset.note,
            "read": preset.read,
            "part": preset.part,
            "wrappers": [table["part"] for table in preset.wrappers],
            "settings": [
                {"name": name, "value": value, "source": preset.sources[name]} for name, value in preset.values.items()
            ],
        }
        for preset in load_presets().values()
    ]


def schema() -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    \b
    Example:
      simlib schema > scenario.schema.json
    and as the first line of a scenario file, for editors that use Taplo:
      #:schema ./scenario.schema.json
    """
    from simlib.deployment.parts import PARTS
    from simlib.engine.stations import list_disciplines
    from simlib.scenario.document import build_scenario_schema

    print_json(build_scenario_schema(PARTS, list_disciplines()))
