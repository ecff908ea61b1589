"""Formulas of cost and investment: yearly costs, payback time, break-even volume, net present value, vCPUs at a load.

A design s is compared with a baseline 0. Every function is pure and takes numbers or arrays alike (a Monte-Carlo passes
one value per draw): requests N per year, seconds, bytes, money in one currency, years. B is the yearly benefit, dD the
extra one-off effort, dO the extra yearly effort, dR the extra yearly risk, T the horizon, r the discount rate; payback,
break-even and net present value are those of any textbook of investment (Brealey, Myers and Allen, Principles of
corporate finance).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simlib.analysis.columns import Floats

Numbers = float | Floats

HOURS_PER_YEAR = 8760.0
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_YEAR = HOURS_PER_YEAR * SECONDS_PER_HOUR
BYTES_PER_GIGABYTE = 1e9
MONTHS_PER_YEAR = 12.0


def compute_cpu_cost(requests: Numbers, cpu_s: Numbers, vcpu_hour: Numbers, utilisation: Numbers) -> Floats:
    """Cost per year of ``cpu_s`` CPU seconds per request on vCPUs of this utilisation."""
    return np.asarray(requests * cpu_s / utilisation / SECONDS_PER_HOUR * vcpu_hour, dtype=np.float64)


def compute_server_cost(vcpus: Numbers, vcpu_hour: Numbers) -> Floats:
    """Cost per year of vCPUs that run all the time."""
    return np.asarray(vcpus * vcpu_hour * HOURS_PER_YEAR, dtype=np.float64)


def compute_labour_cost(days: Numbers, developer_day: Numbers) -> Floats:
    """Cost of work of so many person-days."""
    return np.asarray(developer_day * days, dtype=np.float64)


def compute_traffic_cost(requests: Numbers, bytes_per_request: Numbers, gigabyte: Numbers) -> Floats:
    """Cost per year of bytes sent."""
    return np.asarray(requests * bytes_per_request / BYTES_PER_GIGABYTE * gigabyte, dtype=np.float64)


def compute_storage_cost(bytes_kept: Numbers, gigabyte_month: Numbers) -> Floats:
    """Cost per year of bytes held in the token store."""
    return np.asarray(bytes_kept * gigabyte_month / BYTES_PER_GIGABYTE * MONTHS_PER_YEAR, dtype=np.float64)


def compute_latency_cost(requests: Numbers, latency_s: Numbers, second: Numbers) -> Floats:
    """Cost per year of users' waiting; ``second`` is the value of a second of one request, 0 unless stated."""
    return np.asarray(requests * latency_s * second, dtype=np.float64)


def compute_outage_cost(availability: Numbers, hour_down: Numbers) -> Floats:
    """Cost per year of the hours without service."""
    return np.asarray((1.0 - availability) * HOURS_PER_YEAR * hour_down, dtype=np.float64)


def compute_exposure_cost(revocations: Numbers, exposure_s: Numbers, exposed_hour: Numbers) -> Floats:
    """Cost per year of revoked tokens that still work; ``revocations`` per year, ``exposure_s`` of each."""
    return np.asarray(revocations * exposure_s / SECONDS_PER_HOUR * exposed_hour, dtype=np.float64)


def annuity(years: float, rate: Numbers) -> Floats:
    """Present value of 1 at the end of each of the years; of a part of a year, that part at its end.

    With rate 0 it is the number of years.
    """
    base = 1.0 + np.asarray(rate, dtype=np.float64)
    whole = int(years)
    full = sum((base**-year for year in range(1, whole + 1)), np.zeros_like(base))
    return np.asarray(full + (years - whole) * base**-years, dtype=np.float64)


def compute_net_present_value(extra_one_off: Numbers, net_per_year: Numbers, years: float, rate: Numbers) -> Floats:
    """Net present value of the yearly net benefit B - dO - dR over the horizon, less the extra one-off effort dD.

    NPV = -dD + the sum over t = 1..T of (B - dO - dR) / (1 + r)^t.
    """
    return np.asarray(-extra_one_off + annuity(years, rate) * net_per_year, dtype=np.float64)


def compute_payback_years(extra_one_off: Numbers, net_per_year: Numbers) -> Floats:
    """T* = dD / (B - dO - dR), undiscounted: infinite for never, 0 for at once.

    - never: there is something to pay back and no net benefit;
    - at once: there is nothing to pay back and the net benefit is not negative;
    - NaN: less to build and dearer to run. Nothing is paid back; a head start is used up, see `compute_used_up_years`.
    """
    extra, net = np.broadcast_arrays(np.asarray(extra_one_off, np.float64), np.asarray(net_per_year, np.float64))
    ratio = _divide(extra, net, net > 0)
    years = np.where(extra > 0, ratio, np.where(net >= 0, 0.0, np.nan))
    return np.asarray(years, dtype=np.float64)


def compute_used_up_years(extra_one_off: Numbers, net_per_year: Numbers) -> Floats:
    """Years after which a design has lost again what it took less to build; infinite where it never does."""
    extra, net = np.broadcast_arrays(np.asarray(extra_one_off, np.float64), np.asarray(net_per_year, np.float64))
    return _divide(extra, net, (extra <= 0) & (net < 0))


def compute_break_even_volume(
    extra_one_off: Numbers,
    extra_per_year: Numbers,
    fixed_benefit: Numbers,
    benefit_per_request: Numbers,
    years: Numbers,
) -> Floats:
    """N* = (dD/T + dO + dR - B_fix) / beta, requests per year: infinite for never, 0 for any volume.

    ``extra_per_year`` is dO + dR; ``years`` is the horizon T, or its annuity where later years count less. With a
    negative beta and a numerator <= 0 it is the volume *up to* which the design pays.
    """
    numerator = np.asarray(extra_one_off / years + extra_per_year - fixed_benefit, dtype=np.float64)
    needed, beta = np.broadcast_arrays(numerator, np.asarray(benefit_per_request, np.float64))
    ratio = _divide(needed, beta, beta != 0)
    earning = np.where(beta > 0, ratio, np.inf)
    return np.asarray(np.where(needed > 0, earning, np.where(beta >= 0, 0.0, ratio)), dtype=np.float64)


def compute_value_per_million(net_present: Numbers, requests: Numbers, years: float, rate: Numbers) -> Floats:
    """Value per million requests that brings a net present value to 0 (goal seek).

    Positive where that much is missing, negative where that much could be taken away; NaN without requests.
    """
    discounted = np.asarray(annuity(years, rate) * requests / 1e6, dtype=np.float64)
    missing, millions = np.broadcast_arrays(np.asarray(-net_present, np.float64), discounted)
    return np.asarray(np.where(millions > 0, _divide(missing, millions, millions > 0), np.nan), dtype=np.float64)


def _divide(values: Floats, by: Floats, where: NDArray[np.bool_]) -> Floats:
    """Quotients, infinite elsewhere and on overflow."""
    with np.errstate(over="ignore"):
        quotients: Floats = np.divide(values, by, out=np.full(values.shape, np.inf), where=where)
    return quotients


SLACK = 1e-9
"""Relative tolerance: a load that fills vCPUs exactly, up to rounding, needs no further one."""


def compute_tolerated_utilisation(
    vcpus: int, requests_per_s: float, cpu_s: float, target: float, *, smallest: int = 1
) -> float:
    """Utilisation that vCPUs may have: that at the load for which they were sized.

    At the smallest size no busier one could be simulated, so the target applies unless they are busier than that. 0
    where no CPU is used.
    """
    busy = requests_per_s * cpu_s / vcpus
    return max(busy, target) if vcpus <= smallest and busy > 0 else busy


def compute_vcpus(requests_per_s: ArrayLike, cpu_s: ArrayLike, utilisation: float, *, smallest: int = 1) -> Floats:
    """vCPUs at which a host has at most that utilisation: ``smallest``, and above it in proportion to the load.

    Fractions are means of a fleet that grows and shrinks over a year. Rounded up instead, the value of one design
    against another would change its sign with every single server of either.
    """
    if not utilisation > 0:
        return np.full(np.broadcast_shapes(np.shape(requests_per_s), np.shape(cpu_s)), float(smallest))
    return np.asarray(np.maximum(np.multiply(requests_per_s, cpu_s) / utilisation, smallest), dtype=np.float64)


def compute_whole_vcpus(requests_per_s: float, cpu_s: float, utilisation: float) -> int:
    """Whole vCPUs, at least one, at which a host has at most that utilisation."""
    return math.ceil(float(compute_vcpus(requests_per_s, cpu_s, utilisation)) * (1 - SLACK))
