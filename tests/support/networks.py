"""Small networks of hosts for tests of the engine, and what is read off their records."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis import student
from simlib.engine.costs import StatedCosts
from simlib.engine.network import Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.scenario.distributions import Constant
from simlib.scenario.effects import Compute, Reply
from simlib.scenario.records import FINISHED, Records
from simlib.scenario.variates import Variates

Floats = NDArray[np.float64]
WORK = Compute("work")


class Message(NamedTuple):
    """A request between hosts: whatever it carries, and its bytes."""

    content: Any = None
    size: int = 0


class Law:
    """A distribution given by its inverse."""

    def __init__(self, inverse: Callable[[Floats], Floats]) -> None:
        self._inverse = inverse

    def invert(self, uniform: Floats) -> Floats:
        return self._inverse(uniform)


class Listed:
    """Each request's own seconds, whatever its uniforms say; for first uses only."""

    def __init__(self, values: ArrayLike) -> None:
        self._values = np.asarray(values, dtype=np.float64)

    def invert(self, uniform: Floats) -> Floats:
        return self._values[: len(uniform)]


def does(*effects: Any) -> Any:
    """A handler that yields some effects and answers 200."""

    def handler(_: Any) -> Any:
        for effect in effects:
            _ = yield effect  # the answer; a plain "yield from" cannot take one
        return Reply(200)

    return handler


def served(_: Any) -> Any:
    """A bind whose handler works once and answers."""
    return does(WORK)


def one_station(
    service: Any, workers: int = 1, discipline: Any = "fifo", known_on_arrival: bool = True, name: str = "server"
) -> Network:
    """Requests come to one host, are served once and leave."""
    host = Host(name, workers, 1, discipline, known_on_arrival and discipline == "fifo")
    return Network((host,), (name, served), StatedCosts({"work": service}))


def client_and_server(
    client: Callable[[Any], Any],
    service: Any,
    workers: int | None = 1,
    server: Callable[[Any], Any] = served,
    path: Path | None = None,
    **more: Any,
) -> Network:
    """``client``: the generator of one request, on a host without a station; it calls "serve" over one link."""
    return Network(
        hosts=(Host("client", None), Host("server", workers)),
        entry=("client", lambda _: client),
        costs=StatedCosts({"work": service}),
        paths=(path or Path("client", "server", Constant(value_s=2.0)),),
        handlers={"serve": ("server", server)},
        **more,
    )


def poisson(rate: float, count: int, replication: int, seed: int = 1) -> Floats:
    """So many arrivals of a Poisson stream."""
    times: Floats = np.cumsum(-np.log1p(-Variates(seed, replication).draw_column("test.gap", count)) / rate)
    return times


def run(network: Network, arrivals: ArrayLike, horizon: float = 1e6, **options: Any) -> Records:
    """Run a network over some arrivals, with seed 1 unless ``variates`` is given."""
    return run_network(
        network, np.asarray(arrivals, dtype=np.float64), horizon, options.pop("variates", Variates(1, 0)), **options
    )


def ends(records: Records) -> list[float]:
    """When each request was done, in the order of the requests; NaN where it was not."""
    requests = records["requests"]
    ended: list[float] = requests["end"][np.argsort(requests["request"])].tolist()
    return ended


def by_request(records: Records, table: str) -> dict[str, Any]:
    """The columns of a table in an order that does not depend on when rows were written."""
    columns = records[table]
    order = np.lexsort([np.nan_to_num(column, nan=-1.0) for column in reversed(list(columns.values()))])
    return {name: column[order] for name, column in columns.items()}


def mean_sojourns(network: Network, rate: float, requests: int, replications: int, **options: Any) -> list[float]:
    """Mean time in the system in each replication: the first tenth is warm-up, and everybody is let out at the end."""
    means = []
    for replication in range(replications):
        arrivals = poisson(rate, requests, replication)
        records = run(network, arrivals, 1e9, variates=Variates(1, replication), detail="requests", **options)
        rows = records["requests"]
        assert (rows["outcome"] == FINISHED).all()
        late = rows["arrival"] >= arrivals[requests // 10]
        means.append(float((rows["end"] - rows["arrival"])[late].mean()))
    return means


def assert_covered(values: Sequence[float], expected: float, narrow: float = 0.05) -> None:
    """The 99.9 % Student interval holds the expected value and is at most so wide (relative half width)."""
    interval = student(values, 0.999)
    assert interval.low <= expected <= interval.high, (interval, expected)
    assert interval.half_width <= narrow * expected, (interval, expected)
