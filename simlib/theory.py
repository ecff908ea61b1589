"""Theory that is known exactly: queueing formulas, mean value analysis, caches, and the networks that check them.

Queueing formulas take arrival rates in 1/s and service times in seconds and return mean waiting or sojourn times in
seconds, or probabilities; they raise ValueError for arguments out of range and for a load that servers cannot keep up
with. Sources: Erlang, Pollaczek and Khinchine, Kleinrock; Baskett and others 1975 for product forms.

`mean_value_analysis` (Reiser and Lavenberg 1980) gives throughput (1/s) and response time (s) of a closed network.

Formulas of caches take the rate of the requests with one token at one cache (1/s) and times to live in seconds, and
return shares between 0 and 1; `average_over_users` takes the mean of one of them over a population.

`simulate_station`, `simulate_tandem` and `simulate_closed_network` run such networks through the simulator's own
engine and return an array with one value per replication, shape (replications,).
"""

from simlib.analysis.cache_theory import (
    answers_older_than,
    availability_without_server,
    average_over_users,
    outage_survival,
    ttl_hit_ratio,
    zipf_ttl_hit_ratio,
)
from simlib.analysis.queueing import (
    ClosedSolution,
    ClosedStation,
    VisitedStation,
    erlang_c,
    littles_number,
    md1_mean_sojourn,
    md1_mean_wait,
    mean_value_analysis,
    mg1_mean_sojourn,
    mg1_mean_wait,
    mg1_ps_mean_sojourn,
    mg1_ps_sojourn_of_size,
    mm1_mean_sojourn,
    mm1_mean_wait,
    mm1_sojourn_exceeds,
    mmc_mean_sojourn,
    mmc_mean_wait,
    mmc_wait_exceeds,
    product_form_mean_sojourn,
    utilisation,
)
from simlib.experiment.textbook_networks import RunSettings, simulate_closed_network, simulate_station, simulate_tandem
from simlib.scenario.distributions import Constant, Exponential, Uniform

__all__ = [
    "ClosedSolution",
    "ClosedStation",
    "Constant",
    "Exponential",
    "RunSettings",
    "Uniform",
    "VisitedStation",
    "answers_older_than",
    "availability_without_server",
    "average_over_users",
    "erlang_c",
    "littles_number",
    "md1_mean_sojourn",
    "md1_mean_wait",
    "mean_value_analysis",
    "mg1_mean_sojourn",
    "mg1_mean_wait",
    "mg1_ps_mean_sojourn",
    "mg1_ps_sojourn_of_size",
    "mm1_mean_sojourn",
    "mm1_mean_wait",
    "mm1_sojourn_exceeds",
    "mmc_mean_sojourn",
    "mmc_mean_wait",
    "mmc_wait_exceeds",
    "outage_survival",
    "product_form_mean_sojourn",
    "simulate_closed_network",
    "simulate_station",
    "simulate_tandem",
    "ttl_hit_ratio",
    "utilisation",
    "zipf_ttl_hit_ratio",
]
