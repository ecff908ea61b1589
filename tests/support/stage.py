"""Stepped deployment of `simlib.contracts`, under the short names of the tests."""

from simlib.contracts.configuration import (
    AUDIENCE,
    CLIENT,
    ELSEWHERE,
    ISSUER,
    OTHER_CLIENT,
    PUSHED,
    RESOURCE_SERVER,
    SCOPE,
    SHARED,
    URI,
    build_config,
    format_basic,
)
from simlib.contracts.stepped_deployment import SteppedDeployment, read_kid
from simlib.contracts.stepping import Handler

Stage, basic, deployment, kid_of = SteppedDeployment, format_basic, build_config, read_kid

__all__ = [
    "AUDIENCE",
    "CLIENT",
    "ELSEWHERE",
    "ISSUER",
    "OTHER_CLIENT",
    "PUSHED",
    "RESOURCE_SERVER",
    "SCOPE",
    "SHARED",
    "URI",
    "Handler",
    "Stage",
    "basic",
    "deployment",
    "kid_of",
]
