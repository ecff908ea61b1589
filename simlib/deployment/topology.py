"""Topology of a design in its world: hosts and links, region by region."""

from collections.abc import Iterator
from dataclasses import replace

from simlib.deployment.database import build_database_host, build_database_path
from simlib.deployment.enforcement_points import EnforcementPoint, name_inner_target
from simlib.deployment.parts import Parts
from simlib.engine.costs import Sum
from simlib.engine.network import Host, Path
from simlib.scenario.hosts import (
    AUTHORIZATION_SERVER,
    BACKEND,
    CLIENT,
    SERVICE,
    SHARED_STORE,
    STORE,
    Database,
    Link,
    name_in_region,
)
from simlib.scenario.world import World

AS_TARGETS_OF_CLIENTS = ("token", "revoke", "authorize", "device_authorization", "device_verification", "jwks")


class Topology:
    """Hosts and links between them. ``regions`` is ("",) in a world without regions."""

    def __init__(self, world: World, parts: Parts, points: tuple[EnforcementPoint, ...]) -> None:
        self.world = world
        self.points = points
        self.regions = world.regions.names if world.regions is not None else ("",)
        self.as_regions = self.regions if parts.regional else self.regions[:1]
        self.shared = world.shared_store if parts.needs("shared_store") else None
        self._replicas = parts.design.replicas
        self._admission = parts.design.admission

    def find_server_region(self, region: str) -> str:
        """The region of the authorization server that a region turns to."""
        return region if region in self.as_regions else self.as_regions[0]

    # --- hosts -------------------------------------------------------------------------------------------------------

    def build_hosts(self) -> tuple[Host, ...]:
        """All hosts, clients first."""
        return (
            *(Host(name_in_region(CLIENT, region), None) for region in self.regions),
            *self._build_backends(),
            *(self._build_point(point) for point in self.points),
            *(self._build_server(region) for region in self.as_regions),
            *self._build_databases(),
            *([] if self.shared is None else [Host(SHARED_STORE, self.shared.workers)]),
        )

    def _build_backends(self) -> Iterator[Host]:
        backend = self.world.backend
        if backend is not None:
            for region in self.regions:
                yield Host(
                    name_in_region(BACKEND, region), backend.workers, 1, backend.discipline, threads=backend.threads
                )

    def _build_point(self, point: EnforcementPoint) -> Host:
        listening = point.listening
        admission = self._admission.get(point.place)
        host = Host(point.host, listening.workers, point.replicas, listening.discipline, threads=listening.threads)
        return host if admission is None else replace(host, admission=admission)

    def _build_server(self, region: str) -> Host:
        server = self.world.authorization_server
        replicas = self._replicas[AUTHORIZATION_SERVER]
        admission = self._admission.get(AUTHORIZATION_SERVER)
        name = name_in_region(AUTHORIZATION_SERVER, region)
        return Host(name, server.workers, replicas, discipline=server.discipline, admission=admission)

    def _build_databases(self) -> Iterator[Host]:
        for region in self._list_database_regions():
            assert self.world.store.database is not None
            yield build_database_host(self.world.store.database, name_in_region(STORE, region))

    def _list_database_regions(self) -> tuple[str, ...]:
        return self.as_regions if self.world.store.database is not None else ()

    # --- links -------------------------------------------------------------------------------------------------------

    def build_paths(self) -> tuple[Path, ...]:
        """All links."""
        return (
            *self._build_store_paths(),
            *self._build_client_paths(),
            *self._build_point_paths(),
            *self._build_push_paths(),
        )

    def _build_store_paths(self) -> Iterator[Path]:
        """Paths of parts of their caller: databases and the shared store."""
        for region in self._list_database_regions():
            assert self.world.store.database is not None
            yield build_database_path(
                self.world.store.database, name_in_region(AUTHORIZATION_SERVER, region), name_in_region(STORE, region)
            )
        if self.shared is not None:
            for point in self.points:
                yield self._build_shared_path(self.shared, point.host, point.region)
            for region in self.as_regions:
                yield self._build_shared_path(self.shared, name_in_region(AUTHORIZATION_SERVER, region), region)

    def _build_shared_path(self, store: Database, caller: str, region: str) -> Path:
        """There is one shared store, in the first region."""
        far = self._lengthen(region, self.regions[0], store.link)
        return build_database_path(store.model_copy(update={"link": far}), caller, SHARED_STORE, "shared.call")

    def _build_client_paths(self) -> Iterator[Path]:
        network = self.world.network
        for region in self.regions:
            first = next(point for point in self.points if point.first and point.region == region)
            yield self._build_path(name_in_region(CLIENT, region), first.host, network.client_to_service)
            for there in self.as_regions:
                line = network.client_to_authorization_server
                yield self._build_client_path(region, name_in_region(AUTHORIZATION_SERVER, there), there, line)
            if self.world.backend is not None:
                yield self._build_path(name_in_region(BACKEND, region), first.host, network.internal_link)
                for there in self.regions:
                    yield self._build_client_path(
                        region, name_in_region(BACKEND, there), there, network.client_to_service
                    )
                for there in self.as_regions:
                    link = self._lengthen(region, there, network.service_to_authorization_server)
                    yield self._build_path(
                        name_in_region(BACKEND, region), name_in_region(AUTHORIZATION_SERVER, there), link
                    )

    def _build_point_paths(self) -> Iterator[Path]:
        network = self.world.network
        by_target = {point.target: point for point in self.points}
        for point in self.points:
            for region in self.as_regions:
                link = self._lengthen(point.region, region, network.service_to_authorization_server)
                yield self._build_path(point.host, name_in_region(AUTHORIZATION_SERVER, region), link)
            called = [name_in_region(name_inner_target(name), point.region) for name in point.calls]
            called += [name_in_region("api", point.region)] if point.first and point.place != SERVICE else []
            for target in dict.fromkeys(called):
                yield self._build_path(point.host, by_target[target].host, network.internal_link)

    def _build_push_paths(self) -> Iterator[Path]:
        for point in self.points:
            if point.receives:
                for region in self.as_regions:
                    link = self._lengthen(region, point.region, self.world.network.internal_link)
                    yield self._build_path(name_in_region(AUTHORIZATION_SERVER, region), point.host, link)

    def _lengthen(self, one: str, other: str, link: Link) -> Link:
        """A link as it is inside a region, or with the round trip between two."""
        far = self.world.regions.find_round_trip(one, other) if self.world.regions is not None else None
        return link if far is None else link.model_copy(update={"round_trip": far})

    def _build_client_path(self, region: str, callee: str, there: str, line: Link) -> Path:
        """A client's own line leads as far as its region; the way to another one comes on top."""
        path = self._build_path(name_in_region(CLIENT, region), callee, line)
        far = self.world.regions.find_round_trip(region, there) if self.world.regions is not None else None
        return path if far is None else replace(path, round_trip=Sum(line.round_trip, far))

    def _build_path(self, caller: str, callee: str, link: Link) -> Path:
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

    def build_aliases(self, endpoints: tuple[str, ...]) -> dict[str, dict[str, str]]:
        """Host -> what its parts call a target -> the target; empty for names that are the same."""
        aliases: dict[str, dict[str, str]] = {}
        for region in self.regions:
            server = self.find_server_region(region)
            own = {name: name_in_region(name, server) for name in endpoints}
            first = next(point for point in self.points if point.first and point.region == region)
            aliases[name_in_region(CLIENT, region)] = {**own, "api": first.target}
            if self.world.backend is not None:
                aliases[name_in_region(CLIENT, region)][BACKEND] = name_in_region(BACKEND, region)
                aliases[name_in_region(BACKEND, region)] = {**own, "api": first.target}
            for point in self.points:
                if point.region == region:
                    aliases[point.host] = {**own, **self._list_inner_aliases(point)}
        for region in self._list_database_regions():
            aliases[name_in_region(AUTHORIZATION_SERVER, region)] = {STORE: name_in_region(STORE, region)}
        return {host: {k: v for k, v in names.items() if k != v} for host, names in aliases.items()}

    def _list_inner_aliases(self, point: EnforcementPoint) -> dict[str, str]:
        names = {name_inner_target(name): name_in_region(name_inner_target(name), point.region) for name in point.calls}
        return (
            {**names, "api": name_in_region("api", point.region)} if point.first and point.place != SERVICE else names
        )
