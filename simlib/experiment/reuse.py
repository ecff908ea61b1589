"""How often one token is used within a cache's lifetime: the figure that decides whether a cache helps."""

from typing import NamedTuple

import numpy as np

from simlib.engine.demand import draw_demand
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario
from simlib.scenario.traces import requests_per_token
from simlib.scenario.variates import Variates
from simlib.scenario.world import ReplayLoad


class Reuse(NamedTuple):
    """Requests of one user within a window of ``window_s`` seconds, in this run and at the log's own speed.

    ``what`` names the window: "cache TTL" (per replica) or "token lifetime".
    """

    design: str
    what: str
    window_s: float
    requests: float
    original: float

    @property
    def distorted(self) -> bool:
        """Whether the speed-up changes the figure by more than a twentieth."""
        return abs(self.requests / self.original - 1) > 0.05


def token_reuse(scenario: Scenario) -> list[Reuse]:
    """The reuse of tokens under each design's cache TTL, or its token lifetime where it has no cache."""
    variates = Variates(scenario.run.seed, 0)
    demand = draw_demand(scenario, variates)
    load = scenario.world.load
    speed_up = load.speed_up if isinstance(load, ReplayLoad) else 1.0
    rows = []
    for design in scenario.designs.values():
        what, window = _window(design)
        owners = demand.users
        if what == "cache TTL":  # each replica has a cache of its own
            replicas = design.replicas["service"]
            uniform = variates.column("balance.client.service", len(owners))
            owners = owners * replicas + np.floor(uniform * replicas).astype(np.int64)
        now = requests_per_token(demand.times, owners, window)
        # A window of w seconds of the log is a window of w / S seconds of the log sped up by S.
        original = requests_per_token(demand.times, owners, window / speed_up) if speed_up != 1 else now
        rows.append(Reuse(design.name, what, window, now, original))
    return rows


def _window(design: Design) -> tuple[str, float]:
    ttl = getattr(design.settings("service"), "ttl_s", None)
    return ("token lifetime", design.token_lifetime_s) if ttl is None else ("cache TTL", float(ttl))
