"""Seven strategies as designs of simlib's parts, for whoever has no scenario yet; settings are those by default."""

from collections.abc import Mapping
from types import MappingProxyType

from simlib.scenario.design import Chosen, Design, UserInformationSource
from simlib.strategies import CATALOGUE

LIFETIME_S = 300.0


def reference_designs() -> Mapping[str, Design]:
    """Name -> design: opaque, opaque_cache, jwt, jwt_denylist, jwe, opaque_idtoken, phantom."""
    jwt = {"service": "jwt_local", "authorization_server": "jwt_access_token"}
    opaque = {"service": "opaque_introspection", "authorization_server": "reference_token"}
    signing = {"authorization_server": "signing_reference_token"}
    designs = (
        _design("opaque", "Opaque token, introspected at every request", opaque),
        _design("opaque_cache", "Opaque token, answers cached", opaque | {"service": "opaque_cached"}),
        _design("jwt", "JWT access token, verified by the service", jwt),
        _design("jwt_denylist", "JWT access token with a denylist", jwt, wrappers=("denylist_polled",)),
        _design("jwe", "Encrypted JWT", {"service": "encrypted_jwt", "authorization_server": "encrypted_jwt"}),
        _design("opaque_idtoken", "Opaque token and identity token", opaque | signing | {"client": "openid_connect"}),
        _design("phantom", "Phantom token", jwt | signing | {"gateway": "phantom_token"}),
    )
    return MappingProxyType({design.name: design for design in designs})


def _design(name: str, title: str, parts: Mapping[str, str], wrappers: tuple[str, ...] = ()) -> Design:
    asks = parts["service"].startswith("opaque")
    information: UserInformationSource = "introspection" if asks else "token"
    chosen = {place: _chosen(place, part) for place, part in {"client": "bearer", **parts}.items()}
    around = tuple(_chosen("wrappers", part) for part in wrappers)
    return Design(name, title, LIFETIME_S, information, MappingProxyType(chosen), MappingProxyType({}), around)


def _chosen(place: str, part: str) -> Chosen:
    return Chosen(part, CATALOGUE[place][part].Settings())
