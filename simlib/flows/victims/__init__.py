"""Flows that lack something, to show what goes wrong without it. No design may use them: ``refused`` says why.

``needs_server`` is the careless authorization server without which some of their clients cannot sign in at all.
"""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.flows.base import GrantFlow
from simlib.flows.victims.backend_with_readable_cookie import BackendWithReadableCookie
from simlib.flows.victims.bare_code import BareCode
from simlib.flows.victims.code_without_issuer import CodeWithoutIssuer
from simlib.flows.victims.code_without_pkce import CodeWithoutPkce
from simlib.flows.victims.code_without_state import CodeWithoutState
from simlib.flows.victims.implicit import Implicit
from simlib.flows.victims.password import Password

VICTIM_FLOWS: Mapping[str, type[GrantFlow]] = MappingProxyType(
    {
        flow.name: flow
        for flow in (
            Implicit,
            Password,
            CodeWithoutPkce,
            CodeWithoutState,
            CodeWithoutIssuer,
            BareCode,
            BackendWithReadableCookie,
        )
    }
)
"""Those that are there to be attacked."""

__all__ = ["VICTIM_FLOWS", "Implicit", "Password"]
