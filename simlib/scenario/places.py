"""What hosts are called in networks and records: their kind, an inner service's name, their region."""

CLIENT, BACKEND, GATEWAY, SERVICE = "client", "bff", "gateway", "service"
AUTHORIZATION_SERVER = "authorization_server"
STORE, SHARED_STORE = "store", "shared_store"
RESOURCE_SERVERS = (GATEWAY, SERVICE)
"""The kinds of hosts that check tokens."""
ENDPOINTS = (
    "authorize",
    "device_authorization",
    "device_verification",
    "token",
    "introspect",
    "revoke",
    "revocations",
    "status_list",
    "jwks",
    "userinfo",
)
"""What an authorization server can be called for."""


def inner_service(name: str) -> str:
    """The host of an inner service."""
    return f"{SERVICE}/{name}"


def at(host: str, region: str) -> str:
    """A host, or a target of calls, in a region; in a world without regions its plain name."""
    return f"{host}@{region}" if region else host


def kind_of(host: str) -> str:
    """The kind of a host: "service" for each service, in whatever region; "" for its threads and for other names."""
    name = host.partition("@")[0].partition("/")[0]
    return "" if host.endswith(".threads") else name
