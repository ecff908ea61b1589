"""Whatever any part, service or flow can charge has a row in the bundled profiles, under all settings."""

import ast
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

import simlib
from simlib.deployment.parts import build_deployment_config
from simlib.deployment.required_operations import BACKEND, SIGNING_IN, list_needed_operations
from simlib.scenario.base import find_bundled
from simlib.scenario.profile import load_profile
from simlib.scenario.variates import Variates
from simlib.services import ENDPOINT_OPERATIONS, FAMILY_REVOCATION, GRANT_OPERATIONS, ROTATION
from simlib.strategies import CATALOGUE
from simlib.tokens import ALGORITHMS, KEY_MANAGEMENT, RSA_BITS
from support.scenarios import scenario

PROFILE = load_profile(find_bundled("profiles") / "python-2026.csv")
STATED = {"service.work", "gateway.work"}
"""Work whose time a scenario states itself."""
CHOICES: dict[str, tuple[Any, ...]] = {
    "algorithm": (*ALGORITHMS, "HS256"),
    "key_bits": RSA_BITS,
    "key_management": KEY_MANAGEMENT,
    "nonce_s": (60.0,),
}
PARTS = [(place, name, kind) for place, parts in CATALOGUE.items() for name, kind in parts.items()]


def lacking(operations: Any) -> set[str]:
    """The operations without a row; those of a store must have one for each store in the server's process."""
    named = {
        name.replace("store.", f"store.{kind}.") if name.startswith("store.") else name
        for name in operations
        for kind in ("dict", "sqlite")
    }
    return {name for name in named if PROFILE.find_row(name) is None}


def settings_of(kind: Any) -> Iterator[Any]:
    """The usual settings, and each field changed to everything else that it may be."""
    usual = kind.Settings()
    yield usual
    hints = get_type_hints(type(usual))
    for field in fields(usual):
        hint = hints[field.name]
        choices = CHOICES.get(field.name, ())
        if hint is bool:
            choices = (not getattr(usual, field.name),)
        elif get_origin(hint) is Literal:
            choices = get_args(hint)
        for choice in choices:
            try:
                yield replace(usual, **{field.name: choice})
            except ValueError:  # this setting does not go with the usual others
                continue


@pytest.mark.parametrize(("place", "name", "kind"), PARTS, ids=[f"{place}-{name}" for place, name, _ in PARTS])
def test_every_part_is_covered_under_all_settings(place: str, name: str, kind: Any) -> None:
    made = scenario(world__user_information={"claims": 32, "value_bytes": 16})
    deployment = build_deployment_config(made, next(iter(made.designs.values())), Variates(1, 0), {})
    for settings in settings_of(kind):
        for source in ("token", "introspection", "userinfo"):
            told = replace(deployment, user_information=source)
            assert not lacking(kind.list_operations(settings, told)), (place, name, settings)


def test_every_endpoint_grant_and_flow_is_covered() -> None:
    operations = set().union(*ENDPOINT_OPERATIONS.values(), *GRANT_OPERATIONS.values(), *SIGNING_IN.values())
    assert not lacking(operations | ROTATION | FAMILY_REVOCATION | BACKEND)


def charged_by_name() -> set[str]:
    """Every operation whose name is written out in a Compute of floor 2."""
    root = Path(simlib.__file__).parent
    files = [path for folder in ("services", "strategies", "flows") for path in (root / folder).rglob("*.py")]
    calls = (node for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    names = (call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Compute")
    return {name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)}


def test_every_operation_that_is_charged_by_name_is_covered() -> None:
    names = charged_by_name()
    assert {"user.authenticate", "token.seal", "status_list.build", "dpop.verify"} <= names
    assert not lacking(names - STATED)


KINDS = {
    "mobile": {"user.authenticate", "store.dict.consume", "token.seal", "token.unseal", "form.encode"},
    "device": {"user.authenticate", "store.dict.consume", "token.seal", "json.decode"},
    "machine": {"client.authenticate"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_sign_ins_are_foreseen(kind: str) -> None:
    client: dict[str, Any] = {"kind": kind, "share": 1.0, "session": {"kind": "constant", "value_s": 600.0}}
    if kind == "device":
        client["approval"] = {"kind": "constant", "value_s": 10.0}
    made = scenario(world__clients=[client])
    for design in made.designs.values():
        needed = list_needed_operations(made, design)
        assert needed >= KINDS[kind]
        assert ("user.authenticate" in needed) == (kind != "machine")
        assert all(made.profile.find_row(operation) is not None for operation in needed)
