"""Little's law at every station: the mean number by the station's integral against arrival rate times sojourn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simlib.scenario.records import Records

if TYPE_CHECKING:
    import pandas as pd


def check_littles_law(records: Records) -> pd.DataFrame:
    """L and lambda W of every station from 0 to its last sample, a row per host and replica.

    ``mean_number`` is the time average of jobs present, from the station's integral. ``arrival_rate``
    (1/s) times ``mean_sojourn_s`` is ``number_by_little``, from the visits alone; a visit that has not ended is
    counted up to the last sample, so over a whole run from empty both sides are equal up to rounding.
    ``relative_difference`` is the difference over the first, or over the second where the first is 0.
    Source: J. D. C. Little, Operations Research 9 (1961). Raises ValueError when visits were not recorded.
    """
    import pandas as pd  # here, so that importing the package stays cheap

    stations = records["stations"]
    if len(stations["host"]) and stations["arrivals"].any() and not len(records["visits"]["host"]):
        raise ValueError('no visits were recorded; allowed: run.detail = "visits"')
    pairs = sorted(set(zip(stations["host"].tolist(), stations["replica"].tolist(), strict=True)))
    rows = [row for row in (_compare_station(records, host, replica) for host, replica in pairs) if row]
    return pd.DataFrame(rows, columns=list(COLUMNS))


COLUMNS = (
    "host",
    "replica",
    "mean_number",
    "arrival_rate",
    "mean_sojourn_s",
    "number_by_little",
    "relative_difference",
)


def _compare_station(records: Records, host: int, replica: int) -> tuple[str | int | float, ...]:
    stations = records["stations"]
    samples = np.flatnonzero((stations["host"] == host) & (stations["replica"] == replica))
    last = samples[np.argmax(stations["time"][samples])]
    until = float(stations["time"][last])
    if until <= 0:
        return ()
    number = float(stations["present"][last]) / until
    rate, sojourn = _summarise_visits(records, host, replica, until)
    scale = number or rate * sojourn
    difference = (rate * sojourn - number) / scale if scale else 0.0
    return records.names[host], replica, number, rate, sojourn, rate * sojourn, difference


def _summarise_visits(records: Records, host: int, replica: int, until: float) -> tuple[float, float]:
    """Arrivals per second and mean seconds of a visit, both up to an instant."""
    visits = records["visits"]
    counted = (visits["host"] == host) & (visits["replica"] == replica) & (visits["arrival"] < until)
    arrival = visits["arrival"][counted]
    end = np.fmin(visits["end"][counted], until)  # NaN, not ended, becomes the instant
    return len(arrival) / until, float((end - arrival).mean()) if len(arrival) else 0.0
