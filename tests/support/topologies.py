"""Designs and free worlds for tests of topologies and sessions: work costs nothing, latencies are round trips."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from simlib.deployment.parts import PARTS
from simlib.scenario.loading import build_scenario
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario
from support.worlds import constant, document

Document = dict[str, Any]


def design(service: str, issuer: str, information: str = "token", **more: Any) -> Document:
    return {
        "token_lifetime_s": 600,
        "user_information": information,
        "service": {"part": service},
        "authorization_server": {"part": issuer},
        **more,
    }


OPAQUE = design("opaque_introspection", "reference_token", "introspection")
CHEAP = {"authorization_server": {"part": "jwt_access_token", "algorithm": "ES256"}}
"""RSA signatures would take the most time of the tests."""
JWT = {**design("jwt_local", "jwt_access_token"), **CHEAP}
PHANTOM = design("jwt_local", "signing_reference_token", gateway={"part": "phantom_token", "ttl_s": 500.0})


class Free(dict[str, Any]):
    """Quantiles of a profile in which everything costs nothing."""

    def __missing__(self, key: str) -> Any:
        return np.zeros(1)

    def __contains__(self, key: object) -> bool:
        return True

    def get(self, key: str, default: Any = None) -> Any:
        return self[key]


def free_world(designs: Mapping[str, Document], **overrides: Any) -> Scenario:
    """A world of constant links in which work costs nothing, so that latencies are sums of round trips."""
    service = {"work": constant(0.0), **overrides.pop("service", {})}
    found = build_scenario(document(designs=designs, service=service, **overrides), PARTS, Path("test.toml"))
    return replace(found, profile=CostProfile("free", Free(), {}))
