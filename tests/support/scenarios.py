"""A tiny scenario as a document, with three designs, and how to change single values of it."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from simlib.contracts.cases import list_issuers
from simlib.deployment.parts import PARTS
from simlib.scenario.loading import build_scenario
from simlib.scenario.scenario import Scenario
from simlib.strategies import VALIDATORS

SOURCE = Path("tiny.toml")

_WORLD: dict[str, Any] = {
    "population": {"users": 20, "zipf_exponent": 0.5},
    "load": {"kind": "poisson", "arrival_rate": 20.0},
    "service": {
        "audience": "https://api.example",
        "scope": "catalogue:read",
        "work": {"kind": "exponential", "mean_s": 0.004},
        "reply_bytes": 500,
        "user_information_share": 0.25,
    },
    "authorization_server": {"issuer": "https://as.example"},
    "revocations": {"rate": 0.1},
    "network": {
        "request_head_bytes": 300,
        "reply_head_bytes": 200,
        "client_to_service": {"round_trip": {"kind": "lognormal", "median_s": 0.03, "p99_s": 0.12}},
        "client_to_authorization_server": {"round_trip": {"kind": "uniform", "low_s": 0.02, "high_s": 0.04}},
        "service_to_authorization_server": {"round_trip": {"kind": "constant", "value_s": 0.001}},
    },
}
_RUN: dict[str, Any] = {"seed": 7, "length_s": 20.0, "warm_up_s": 5.0, "replications": 2}


COMPARED = ("opaque_introspection", "opaque_cached", "jwt_local")
"""The validators of the tiny scenario's designs: the question of the project, and its real opponent."""


def design_of(validator: str, issuer: str, **changes: Any) -> dict[str, Any]:
    """A design of two parts that fit each other."""
    return {
        "token_lifetime_s": 30.0,
        "user_information": VALIDATORS[validator].user_information_sources[0],
        "service": {"part": validator},
        "authorization_server": {"part": issuer},
        **changes,
    }


def document(**changes: Any) -> dict[str, Any]:
    """A new document; see `changed` for the changes, in which ``__`` stands for a dot."""
    designs = {name: design_of(name, list_issuers(VALIDATORS[name])[0].name) for name in COMPARED}
    whole = {"title": "Tiny", "world": deepcopy(_WORLD), "designs": designs, "run": dict(_RUN)}
    return changed(whole, {key.replace("__", "."): value for key, value in changes.items()})


def changed(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values at dotted keys; ``...`` takes a key away, missing tables are made."""
    copy = deepcopy(dict(whole))
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        table = copy
        for name in path:
            table = table.setdefault(name, {})
        if value is ...:
            del table[last]
        else:
            table[last] = value
    return copy


def scenario(**changes: Any) -> Scenario:
    """The tiny scenario with changes, loaded."""
    return build_scenario(document(**changes), PARTS, SOURCE)
