"""Confirmation claim ``cnf`` (RFC 7800): binds tokens to a key or certificate of their client at the token endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simlib.scenario.effects import Verdict
from simlib.strategies.base import Grant


def bind_server(server: Any, confirmation: Mapping[str, str]) -> Any:
    """Bind the grants of the authorization server for one request of a client that has proved its key."""
    make_grant = server.make_grant

    def make_bound_grant(*args: Any, **kwargs: Any) -> Grant:
        return bind_grant(make_grant(*args, **kwargs), confirmation)

    return replace(server, make_grant=make_bound_grant)


def bind_grant(grant: Grant, confirmation: Mapping[str, str]) -> Grant:
    """Add a confirmation to a grant."""
    return grant._replace(confirmation={**grant.confirmation, **confirmation})


def read_confirmation(verdict: Verdict, member: str) -> str:
    """Read one member of the token's ``cnf``, such as "jkt"; empty when the token has none."""
    confirmation = verdict.claims.get("cnf")
    value = confirmation.get(member) if isinstance(confirmation, Mapping) else None
    return value if isinstance(value, str) else ""
