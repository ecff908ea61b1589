"""simlib strategies: which parts there are, place by place, and what can be set."""

from dataclasses import MISSING, Field, fields
from typing import Annotated, Any

import typer

from simlib.commands.console import console, print_json, show

LIFETIME_S = 300.0
"""Token lifetime for which the bounds are told."""
_UNITS = {"_s": "seconds", "_bytes": "bytes"}


def strategies(json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the parts a design is made of: places, parts, settings with defaults, and what they promise.

    \b
    In a scenario file:
      [designs.mine]
      service = { part = "opaque_cached", ttl_s = 60 }
      wrappers = [{ part = "dpop" }]
      flows = { mobile = "authorization_code" }
    """
    found = _found()
    if json:
        print_json(found)
        return
    screen = console()
    for place, parts in found.items():
        screen.print(place, style="bold underline")
        for part in parts:
            show(screen, part["part"], 2, "bold")
            show(screen, part["summary"], 4)
            if _formats(part):
                show(screen, _formats(part), 4, "dim")
            if part["refused"]:
                show(screen, f"refused in designs: {part['refused']}", 4, "dim")
            for setting in part["settings"]:
                unit = f" {setting['unit']}" if setting["unit"] else ""
                show(screen, f"{setting['name']} = {_toml(setting['default'])}{unit}", 6)
            if part["bound"] is not None:
                show(screen, _bound_words(part["bound"]), 4, "dim")


def _bound_words(bound: dict[str, float]) -> str:
    return (
        f"with these, tokens that live {LIFETIME_S:g} s are accepted at most {bound['after_expiry_s']:g} s after "
        f"expiry and {bound['after_revocation_s']:g} s after revocation"
    )


def _found() -> dict[str, list[dict[str, Any]]]:
    from simlib.deployment.parts import PARTS

    return {place: [_told(name, part) for name, part in parts.items()] for place, parts in PARTS.items()}


def _told(name: str, part: "type[Any]") -> dict[str, Any]:
    return {
        "part": name,
        "summary": part.summary,
        "token_format": getattr(part, "token_format", None),
        "forwards": getattr(part, "forwards", None),
        "formats": sorted(getattr(part, "formats", ())),
        "for_clients": list(getattr(part, "client_kinds", ())),
        "refused": getattr(part, "refused", ""),
        "settings": [_setting(field) for field in fields(part.Settings)],
        "bound": _bound(part),
    }


def _formats(part: dict[str, Any]) -> str:
    """What tokens it is for, in words; empty for parts that take any."""
    words = []
    if part["token_format"]:
        words.append(f"for {part['token_format']} tokens")
    if part["forwards"]:
        words.append(f"passes {part['forwards']} tokens inwards")
    if part["formats"]:
        words.append(f"around parts for {', '.join(part['formats'])} tokens")
    if part["for_clients"]:
        words.append(f"for clients of kind {', '.join(part['for_clients'])}")
    return "; ".join(words)


def _setting(field: "Field[Any]") -> dict[str, Any]:
    default = None if field.default is MISSING else field.default
    unit = next((unit for ending, unit in _UNITS.items() if field.name.endswith(ending)), "")
    return {"name": field.name, "default": list(default) if isinstance(default, tuple) else default, "unit": unit}


def _bound(part: "type[Any]") -> dict[str, float] | None:
    """What a part promises with its defaults; None for parts that promise nothing about time, and for victims."""
    refused: str = getattr(part, "refused", "")
    if refused or not hasattr(part, "bound"):
        return None
    bound: dict[str, float] = part(part.Settings(), _deployment()).bound()._asdict()
    return bound


def _deployment() -> Any:
    """A deployment to ask for bounds in: of it all only the lifetime of tokens plays a part."""
    from simlib.strategies import Credentials, Deployment
    from simlib.tokens import generate_signing_key

    nobody = Credentials("client", "secret")
    return Deployment(
        issuer="issuer",
        audience="audience",
        scope="scope",
        token_lifetime_s=LIFETIME_S,
        user_information="token",
        resource_server=nobody,
        client=nobody,
        user_claims=lambda subject: {},
        make_key=lambda algorithm: generate_signing_key("EdDSA", "key"),
    )


def _toml(value: Any) -> str:
    """A default as it would be written in a scenario file."""
    from json import dumps

    return "(must be given)" if value is None else dumps(value)
