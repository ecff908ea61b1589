"""Queueing simulator of hosts, stations, links, calls and faults. It knows no tokens and no OAuth.

A `Network` is given as values and run once by `run_network`, which returns the records: a row per request, per call
between hosts and per visit to a station. Handlers are generators that yield effects (`simlib.scenario.effects`).
"""

from simlib.engine.arrival_times import build_constant_intensity, draw_arrival_times
from simlib.engine.arrivals import Cycles
from simlib.engine.costs import StatedCosts
from simlib.engine.faults import Cut, ExtraArrivals, Faults, Job, Outage, Restart, Skew, Slowdown
from simlib.engine.hosts import Handler, HostContext, InProcess
from simlib.engine.network import Bind, Host, Network, Path
from simlib.engine.simulation import run_network
from simlib.engine.stations import Station, register_station

__all__ = [
    "Bind",
    "Cut",
    "Cycles",
    "ExtraArrivals",
    "Faults",
    "Handler",
    "Host",
    "HostContext",
    "InProcess",
    "Job",
    "Network",
    "Outage",
    "Path",
    "Restart",
    "Skew",
    "Slowdown",
    "StatedCosts",
    "Station",
    "build_constant_intensity",
    "draw_arrival_times",
    "register_station",
    "run_network",
]
