"""Tokens bound to a key or certificate of their client: the ``cnf`` claim of RFC 7800, put in at the token endpoint."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simlib.scenario.effects import Verdict
from simlib.strategies.base import Grant


def bind_server(server: Any, confirmation: Mapping[str, str]) -> Any:
    """The authorization server as it answers one request of a client that has shown its key: its grants are bound."""
    make_grant = server.make_grant

    def bound(*parts: Any, **named: Any) -> Grant:
        return bind_grant(make_grant(*parts, **named), confirmation)

    return replace(server, make_grant=bound)


def bind_grant(grant: Grant, confirmation: Mapping[str, str]) -> Grant:
    """The grant with one more confirmation."""
    return grant._replace(confirmation={**grant.confirmation, **confirmation})


def read_confirmation(verdict: Verdict, member: str) -> str:
    """One member of the token's ``cnf``, such as "jkt"; empty when the token has none."""
    confirmation = verdict.claims.get("cnf")
    value = confirmation.get(member) if isinstance(confirmation, Mapping) else None
    return value if isinstance(value, str) else ""
