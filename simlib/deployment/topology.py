"""The hosts and links of a design in its world, region by region.

Sends a user's calls to the authorization server of the user's home region.

A token store on a host of its own: its station, its link with a pool of connections, and what a request costs.

Its rows are kept in memory here: the time is the scenario's, the answers are real.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from simlib.deployment.enforcement_points import Site, inner_target
from simlib.deployment.parts import Parts
from simlib.engine.costs import SecondsOf, Sum
from simlib.engine.hosts import Handler
from simlib.engine.network import Host, Path
from simlib.scenario.effects import Call, Compute, Flow, Once
from simlib.scenario.hosts import (
    AUTHORIZATION_SERVER,
    BACKEND,
    CLIENT,
    SERVICE,
    SHARED_STORE,
    STORE,
    Database,
    Link,
    at,
)
from simlib.scenario.messages import Stored, StoreRequest
from simlib.scenario.world import World
from simlib.stores import TokenStore


def routed(flow: Flow[Any], targets: frozenset[str], region: str) -> Flow[Any]:
    """The generator with its calls of some targets made in a region, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Call) and effect.target in targets:
            effect = effect._replace(target=at(effect.target, region))
        elif isinstance(effect, Once):
            effect = effect._replace(work=partial(_again, effect.work, targets, region))
        answer = yield effect


def _again(work: Callable[[], Flow[Any]], targets: frozenset[str], region: str) -> Flow[Any]:
    return routed(work(), targets, region)


def database_host(database: Database, host: str = STORE) -> Host:
    """The station of the database."""
    return Host(host, database.workers)


def database_path(database: Database, caller: str, host: str = STORE, call: str = "store.call") -> Path:
    """The way to it; a request is part of the caller's work and no question to another server."""
    link = database.link
    return Path(
        caller,
        host,
        link.round_trip,
        link.bandwidth,
        link.connections,
        link.keep_alive_s,
        link.connect_round_trips,
        call_out=call,
        call_in=None,
        behind=True,
    )


def database_costs(database: Database) -> dict[str, SecondsOf]:
    """CPU time per request at both ends."""
    return {"store.call": database.call, "store.work": database.work}


def database_handler(store: TokenStore) -> Handler:
    """Answers requests from the real rows."""

    def serve(request: StoreRequest) -> Flow[Stored]:
        answer: Any = yield Compute("store.work", partial(store.execute, request))
        return Stored(answer)

    return serve


AS_TARGETS_OF_CLIENTS = ("token", "revoke", "authorize", "device_authorization", "device_verification", "jwks")


class Topology:
    """Who is there and who can reach whom. ``regions`` is ("",) in a world without regions."""

    def __init__(self, world: World, parts: Parts, sites: tuple[Site, ...]) -> None:
        self.world = world
        self.sites = sites
        self.regions = world.regions.names if world.regions is not None else ("",)
        self.as_regions = self.regions if parts.regional else self.regions[:1]
        self.shared = world.shared_store if parts.needs("shared_store") else None
        self._replicas = parts.design.replicas
        self._admission = parts.design.admission

    def authorization_server(self, region: str) -> str:
        """The region of the authorization server that a region turns to."""
        return region if region in self.as_regions else self.as_regions[0]

    # --- hosts -------------------------------------------------------------------------------------------------------

    def hosts(self) -> tuple[Host, ...]:
        """All hosts, clients first."""
        return (
            *(Host(at(CLIENT, region), None) for region in self.regions),
            *self._backends(),
            *(self._site(site) for site in self.sites),
            *(self._server(region) for region in self.as_regions),
            *self._databases(),
            *([] if self.shared is None else [Host(SHARED_STORE, self.shared.workers)]),
        )

    def _backends(self) -> Iterator[Host]:
        backend = self.world.backend
        if backend is not None:
            for region in self.regions:
                yield Host(at(BACKEND, region), backend.workers, 1, backend.discipline, threads=backend.threads)

    def _site(self, site: Site) -> Host:
        listening = site.listening
        admission = self._admission.get(site.place)
        host = Host(site.host, listening.workers, site.replicas, listening.discipline, threads=listening.threads)
        return host if admission is None else replace(host, admission=admission)

    def _server(self, region: str) -> Host:
        server = self.world.authorization_server
        replicas = self._replicas[AUTHORIZATION_SERVER]
        admission = self._admission.get(AUTHORIZATION_SERVER)
        name = at(AUTHORIZATION_SERVER, region)
        return Host(name, server.workers, replicas, discipline=server.discipline, admission=admission)

    def _databases(self) -> Iterator[Host]:
        for region in self._with_database():
            assert self.world.store.database is not None
            yield database_host(self.world.store.database, at(STORE, region))

    def _with_database(self) -> tuple[str, ...]:
        return self.as_regions if self.world.store.database is not None else ()

    # --- links -------------------------------------------------------------------------------------------------------

    def paths(self) -> tuple[Path, ...]:
        """All links."""
        return (*self._behind(), *self._of_clients(), *self._of_sites(), *self._pushes())

    def _behind(self) -> Iterator[Path]:
        """What is part of its caller: databases and the shared store."""
        for region in self._with_database():
            assert self.world.store.database is not None
            yield database_path(self.world.store.database, at(AUTHORIZATION_SERVER, region), at(STORE, region))
        if self.shared is not None:
            for site in self.sites:
                yield self._shared(self.shared, site.host, site.region)
            for region in self.as_regions:
                yield self._shared(self.shared, at(AUTHORIZATION_SERVER, region), region)

    def _shared(self, store: Database, caller: str, region: str) -> Path:
        """There is one shared store, in the first region."""
        far = self._between(region, self.regions[0], store.link)
        return database_path(store.model_copy(update={"link": far}), caller, SHARED_STORE, "shared.call")

    def _of_clients(self) -> Iterator[Path]:
        network = self.world.network
        for region in self.regions:
            first = next(site for site in self.sites if site.first and site.region == region)
            yield self._path(at(CLIENT, region), first.host, network.client_to_service)
            for there in self.as_regions:
                line = network.client_to_authorization_server
                yield self._from_client(region, at(AUTHORIZATION_SERVER, there), there, line)
            if self.world.backend is not None:
                yield self._path(at(BACKEND, region), first.host, network.inside)
                for there in self.regions:
                    yield self._from_client(region, at(BACKEND, there), there, network.client_to_service)
                for there in self.as_regions:
                    link = self._between(region, there, network.service_to_authorization_server)
                    yield self._path(at(BACKEND, region), at(AUTHORIZATION_SERVER, there), link)

    def _of_sites(self) -> Iterator[Path]:
        network = self.world.network
        by_target = {site.target: site for site in self.sites}
        for site in self.sites:
            for region in self.as_regions:
                link = self._between(site.region, region, network.service_to_authorization_server)
                yield self._path(site.host, at(AUTHORIZATION_SERVER, region), link)
            called = [at(inner_target(name), site.region) for name in site.calls]
            called += [at("api", site.region)] if site.first and site.place != SERVICE else []
            for target in dict.fromkeys(called):
                yield self._path(site.host, by_target[target].host, network.inside)

    def _pushes(self) -> Iterator[Path]:
        for site in self.sites:
            if site.receives:
                for region in self.as_regions:
                    link = self._between(region, site.region, self.world.network.inside)
                    yield self._path(at(AUTHORIZATION_SERVER, region), site.host, link)

    def _between(self, one: str, other: str, link: Link) -> Link:
        """A link as it is inside a region, or with the round trip between two."""
        far = self.world.regions.between(one, other) if self.world.regions is not None else None
        return link if far is None else link.model_copy(update={"round_trip": far})

    def _from_client(self, region: str, callee: str, there: str, line: Link) -> Path:
        """A client's own line leads as far as its region; the way to another one comes on top."""
        path = self._path(at(CLIENT, region), callee, line)
        far = self.world.regions.between(region, there) if self.world.regions is not None else None
        return path if far is None else replace(path, round_trip=Sum(line.round_trip, far))

    def _path(self, caller: str, callee: str, link: Link) -> Path:
        network = self.world.network
        return Path(
            caller,
            callee,
            link.round_trip,
            link.bandwidth,
            link.connections,
            link.keep_alive_s,
            link.connect_round_trips,
            network.request_head_bytes,
            network.reply_head_bytes,
        )

    # --- names -------------------------------------------------------------------------------------------------------

    def aliases(self, endpoints: tuple[str, ...]) -> dict[str, dict[str, str]]:
        """Host -> what its parts call a target -> the target; empty for names that are the same."""
        aliases: dict[str, dict[str, str]] = {}
        for region in self.regions:
            server = self.authorization_server(region)
            own = {name: at(name, server) for name in endpoints}
            first = next(site for site in self.sites if site.first and site.region == region)
            aliases[at(CLIENT, region)] = {**own, "api": first.target}
            if self.world.backend is not None:
                aliases[at(CLIENT, region)][BACKEND] = at(BACKEND, region)
                aliases[at(BACKEND, region)] = {**own, "api": first.target}
            for site in self.sites:
                if site.region == region:
                    aliases[site.host] = {**own, **self._inside(site)}
        for region in self._with_database():
            aliases[at(AUTHORIZATION_SERVER, region)] = {STORE: at(STORE, region)}
        return {host: {k: v for k, v in names.items() if k != v} for host, names in aliases.items()}

    def _inside(self, site: Site) -> dict[str, str]:
        names = {inner_target(name): at(inner_target(name), site.region) for name in site.calls}
        return {**names, "api": at("api", site.region)} if site.first and site.place != SERVICE else names
