"""The authorization servers of a run, one per region that has one: each with its issuer and its token store."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from simlib.engine.demand import Demand
from simlib.engine.untimed import Resource
from simlib.stores import TokenStore
from simlib.strategies import Issuer


class Server(NamedTuple):
    """One authorization server. ``resources`` are what its issuer may call besides the store, outside time."""

    region: str
    issuer: Issuer
    store: TokenStore
    beyond: Callable[[], Mapping[str, Resource]]

    def resources(self) -> dict[str, Resource]:
        """Target -> what answers, for what happened before the run."""
        return {"store": self.store.execute, **self.beyond()}


class Servers:
    """Which user belongs to which server: that of the home region when every region has one, else the only one."""

    def __init__(self, servers: Mapping[str, Server], regions: tuple[str, ...], demand: Demand) -> None:
        self._servers = servers
        self._regions = regions
        self._homes = demand.homes
        self._only = next(iter(servers.values())) if len(servers) == 1 else None

    def of(self, user: int) -> Server:
        """The server of a user."""
        if self._only is not None:
            return self._only
        assert self._homes is not None
        return self._servers[self._regions[self._homes[user]]]
