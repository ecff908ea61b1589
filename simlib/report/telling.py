"""The designs and the run of a scenario told to a reader, as terms and short texts. No dates, paths or addresses."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from simlib.analysis.metrics import METRICS
from simlib.decision import LimitCheck, Promised, Verdicts
from simlib.decision.promised import told_seconds
from simlib.report.provenance import profile_sha256, versions
from simlib.report.telling_world import Terms
from simlib.report.told_values import spoken
from simlib.scenario.design import Admission, Chosen, Design, RefreshPolicy
from simlib.scenario.places import SERVICE, kind_of
from simlib.scenario.scenario import Scenario

_HOSTS = {
    "service": "resource server",
    "inner_service": "inner services",
    "downstream": "calls to inner services",
    "authorization_server": "authorization server",
}
_ALWAYS_TOLD = ("service", "authorization_server")


def told_designs(verdicts: Verdicts) -> list[dict[str, Any]]:
    """Every design with the keys that the page shows."""
    return [_design(design, verdicts.comparison.forms[name]) for name, design in verdicts.scenario.designs.items()]


def _design(design: Design, forms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": design.name,
        "title": design.title,
        "token": _token(design),
        "parts": [_part(place, chosen, design.presets.get(place, "")) for place, chosen in design.parts.items()]
        + [_part("around them", chosen) for chosen in design.wrappers]
        + [_door(host, admission) for host, admission in design.admission.items()]
        + [f"{spoken(kind)} clients sign in by {spoken(flow)}" for kind, flow in design.flows.items()],
        "replicas": ", ".join(
            f"{_HOSTS.get(host, host)} {number}"
            for host, number in design.replicas.items()
            if host in design.parts or host in _ALWAYS_TOLD
        ),
        "stations": ", ".join(dict.fromkeys(f"{_host(host)} {spoken(form)}" for host, form in sorted(forms.items()))),
    }


def _token(design: Design) -> str:
    told = [f"lives {design.token_lifetime_s:g} s", f"user information from {design.user_information}"]
    if design.refresh != RefreshPolicy():
        rotated = ", each good for one use" if design.refresh.rotation else ""
        told.append(f"refresh tokens live {design.refresh.lifetime_s:,.10g} s{rotated}")
    if design.max_revocation_lag_s is not None:
        told.append(f"may overlook a revocation for {design.max_revocation_lag_s:g} s")
    return "; ".join(told)


def _host(name: str) -> str:
    """A host of the records, whatever its region."""
    host = name.partition("@")[0]
    own, _, inner = host.partition("/")
    if kind_of(name) == SERVICE and inner:
        return f"inner service {inner}"
    return _HOSTS.get(own, spoken(own))


def _part(place: str, chosen: Chosen, preset: str = "") -> str:
    settings = ", ".join(f"{name} {_value(value)}" for name, value in asdict(chosen.settings).items())
    named = f"{chosen.part} as preset {preset} has it" if preset else chosen.part
    return f"{_HOSTS.get(place, spoken(place))}: {named}" + (f" ({settings})" if settings else "")


def _door(host: str, admission: Admission) -> str:
    again = "" if admission.retry_after_s is None else f", to come again after {admission.retry_after_s:g} s"
    return f"{_HOSTS.get(host, spoken(host))}: at most {admission.limit} requests at a time, more get 503{again}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def told_run(scenario: Scenario) -> Terms:
    """How the scenario was looked at."""
    run = scenario.run
    return [
        ("simulated seconds per run", f"{scenario.horizon_s:,.6g}, of which {run.warm_up_s:g} are warm-up"),
        ("requests per run, expected", f"{scenario.expected_requests:,.0f}"),
        ("replications per design", str(run.replications)),
        ("seed", str(run.seed)),
        ("station form", run.station_form),
        ("times of real operations", run.timing),
        ("host noise", spoken(run.host_noise)),
    ]


def told_provenance(scenario: Scenario) -> Terms:
    """What the numbers rest on; only what is equal when the run is repeated."""
    terms = [("simlib", versions()["simlib"]), ("cost profile", scenario.profile.name)]
    digest = profile_sha256(scenario)
    if digest is not None:
        terms.append(("cost profile, sha256", digest))
    measured = ("machine", "date", "python", "pyjwt", "cryptography", "openssl")
    terms += [
        (f"profile measured: {key}", scenario.profile.about[key]) for key in measured if key in scenario.profile.about
    ]
    if scenario.trace is not None:
        terms += [("trace", scenario.trace.source), ("trace, sha256", scenario.trace.sha256)]
    return terms


def told_limits(verdicts: Verdicts) -> list[dict[str, Any]]:
    """One row per limit, with the word of every design in their order."""
    names = dict.fromkeys(check.metric.name for check in verdicts.limits)
    return [_limit([check for check in verdicts.limits if check.metric.name == name]) for name in names]


def _limit(checks: list[LimitCheck]) -> dict[str, Any]:
    metric = METRICS[checks[0].metric.name]
    most = f"{float(f'{checks[0].limit * metric.factor:.6g}'):,g} {metric.shown_unit}".rstrip()
    return {"label": metric.label, "most": most, "words": [check.word for check in checks]}


def told_promises(promises: Mapping[str, Promised]) -> list[dict[str, Any]]:
    """One row per design: what it promises about expired and about revoked tokens, and what to mind."""
    return [
        {
            "name": name,
            "after_expiry": told_seconds(own.after_expiry_s),
            "after_revocation": told_seconds(own.after_revocation_s),
            "marks": own.marks,
        }
        for name, own in promises.items()
    ]
