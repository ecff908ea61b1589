"""A small world with three designs, for tests that go through scenarios; every number can be overridden."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from simlib.deployment.parts import PARTS
from simlib.scenario.loading import build_scenario
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario

Document = dict[str, Any]


def constant(seconds: float) -> Document:
    return {"kind": "constant", "value_s": seconds}


def exponential(seconds: float) -> Document:
    return {"kind": "exponential", "mean_s": seconds}


def link(round_trip: float = 0.001, **more: Any) -> Document:
    return {"round_trip": constant(round_trip), **more}


DESIGNS: Mapping[str, Document] = {
    "opaque": {
        "token_lifetime_s": 60,
        "user_information": "introspection",
        "service": {"part": "opaque_introspection"},
        "authorization_server": {"part": "reference_token"},
    },
    "cached": {
        "token_lifetime_s": 60,
        "user_information": "introspection",
        "service": {"part": "opaque_cached", "ttl_s": 10.0},
        "authorization_server": {"part": "reference_token"},
    },
    "jwt": {
        "token_lifetime_s": 60,
        "user_information": "token",
        "service": {"part": "jwt_local"},
        "authorization_server": {"part": "jwt_access_token", "algorithm": "ES256"},
    },
}

PHANTOM: Document = {
    "token_lifetime_s": 60,
    "user_information": "token",
    "gateway": {"part": "phantom_token"},
    "service": {"part": "jwt_local"},
    "authorization_server": {"part": "signing_reference_token"},
}
"""For worlds with a gateway."""
NO_DELAY = {
    way: link(0.0) for way in ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
}
"""Links that take no time."""


def document(
    *,
    users: int = 50,
    arrival_rate: float = 20.0,
    designs: Mapping[str, Document] = DESIGNS,
    service: Mapping[str, Any] | None = None,
    authorization_server: Mapping[str, Any] | None = None,
    world: Mapping[str, Any] | None = None,
    links: Mapping[str, Any] | None = None,
    **run: Any,
) -> Document:
    """A scenario document: ``service``, ``links`` and so on override single keys, the rest goes to ``run``."""
    ways = ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
    return {
        "title": "A world of the tests",
        "world": {
            "population": {"users": users},
            "load": {"kind": "poisson", "arrival_rate": arrival_rate},
            "network": {
                **{way: link() for way in ways},
                "request_head_bytes": 300,
                "reply_head_bytes": 200,
                **(links or {}),
            },
            "service": {
                "audience": "https://api.example",
                "scope": "read",
                "work": exponential(0.004),
                "reply_bytes": 1000,
                "user_information_share": 0.25,
                **(service or {}),
            },
            "authorization_server": {"issuer": "https://as.example", **(authorization_server or {})},
            **(world or {}),
        },
        "designs": dict(designs),
        "run": {"length_s": 30.0, "replications": 2, **run},
    }


def scenario(**overrides: Any) -> Scenario:
    """The scenario of `document`."""
    return build_scenario(document(**overrides), PARTS, Path("test.toml"))


def costing(scenario: Scenario, **seconds: float) -> Scenario:
    """The same scenario where operations cost nothing but those named here (dots written as two underscores)."""
    costs = {operation: np.zeros(1) for operation in scenario.profile.quantiles}
    costs |= {name.replace("__", "."): np.array([value]) for name, value in seconds.items()}
    return replace(scenario, profile=CostProfile("of the test", costs, {}))
