"""Flows by which a client obtains its tokens, listed by hand: to add a flow, write its class and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.flows.authorization_code import AuthorizationCode
from simlib.flows.back_channel import ClientCredentials, RefreshToken, TokenExchange
from simlib.flows.backend_for_frontend import Backend, BackendForFrontend, SessionOpener
from simlib.flows.base import Client, FlowSettings, GrantFlow, GrantResult
from simlib.flows.device_authorization import DeviceAuthorization
from simlib.flows.vulnerable import VULNERABLE_FLOWS, Implicit, Password

FLOWS: Mapping[str, type[GrantFlow]] = MappingProxyType(
    {
        flow.name: flow
        for flow in (
            AuthorizationCode,
            BackendForFrontend,
            ClientCredentials,
            DeviceAuthorization,
            RefreshToken,
            TokenExchange,
        )
    }
)
"""Flows that a design may use; the first for a kind of client is its default."""

__all__ = [
    "FLOWS",
    "VULNERABLE_FLOWS",
    "AuthorizationCode",
    "Backend",
    "BackendForFrontend",
    "Client",
    "ClientCredentials",
    "DeviceAuthorization",
    "FlowSettings",
    "GrantFlow",
    "GrantResult",
    "Implicit",
    "Password",
    "RefreshToken",
    "SessionOpener",
    "TokenExchange",
]
