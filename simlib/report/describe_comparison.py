"""Description of a comparison for readers: designs, run, limits and bounds as terms and short texts.

Without dates, paths and addresses, so that equal runs have equal descriptions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from simlib.decision import LimitOutcome, ValidityBounds, Verdicts
from simlib.decision.limits import find_limit_label
from simlib.decision.promises import format_seconds
from simlib.report.describe_world import Terms, format_name
from simlib.report.run_record import collect_versions, hash_profile
from simlib.scenario.design import Admission, ChosenPart, Design, RefreshPolicy
from simlib.scenario.hosts import SERVICE, find_host_kind
from simlib.scenario.scenario import Scenario

_HOSTS = {
    "service": "resource server",
    "inner_service": "inner services",
    "downstream": "calls to inner services",
    "authorization_server": "authorization server",
}
_ALWAYS_LISTED = ("service", "authorization_server")


def describe_designs(verdicts: Verdicts) -> list[dict[str, Any]]:
    """Every design with the keys that the page uses."""
    return [
        _describe_design(design, verdicts.comparison.forms[name]) for name, design in verdicts.scenario.designs.items()
    ]


def _describe_design(design: Design, forms: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": design.name,
        "title": design.title,
        "token": _describe_token(design),
        "parts": [
            _describe_part(place, chosen, design.presets.get(place, "")) for place, chosen in design.parts.items()
        ]
        + [_describe_part("wrapper", chosen) for chosen in design.wrappers]
        + [_describe_admission(host, admission) for host, admission in design.admission.items()]
        + [f"{format_name(kind)} clients sign in by {format_name(flow)}" for kind, flow in design.flows.items()],
        "replicas": ", ".join(
            f"{_HOSTS.get(host, host)} {number}"
            for host, number in design.replicas.items()
            if host in design.parts or host in _ALWAYS_LISTED
        ),
        "stations": ", ".join(
            dict.fromkeys(f"{_name_host(host)} {format_name(form)}" for host, form in sorted(forms.items()))
        ),
    }


def _describe_token(design: Design) -> str:
    parts = [f"lives {design.token_lifetime_s:g} s", f"user information from {design.user_information}"]
    if design.refresh != RefreshPolicy():
        rotated = ", each good for one use" if design.refresh.rotation else ""
        parts.append(f"refresh tokens live {design.refresh.lifetime_s:,.10g} s{rotated}")
    if design.max_revocation_lag_s is not None:
        parts.append(f"may accept a revoked token for {design.max_revocation_lag_s:g} s")
    return "; ".join(parts)


def _name_host(name: str) -> str:
    """Name of a host in the records, without its region."""
    host = name.partition("@")[0]
    kind, _, service = host.partition("/")
    if find_host_kind(name) == SERVICE and service:
        return f"inner service {service}"
    return _HOSTS.get(kind, format_name(kind))


def _describe_part(place: str, chosen: ChosenPart, preset: str = "") -> str:
    settings = ", ".join(f"{name} {_format_value(value)}" for name, value in asdict(chosen.settings).items())
    name = f"{chosen.part} with the settings of preset {preset}" if preset else chosen.part
    return f"{_HOSTS.get(place, format_name(place))}: {name}" + (f" ({settings})" if settings else "")


def _describe_admission(host: str, admission: Admission) -> str:
    again = "" if admission.retry_after_s is None else f" with Retry-After {admission.retry_after_s:g} s"
    name = _HOSTS.get(host, format_name(host))
    return f"{name}: at most {admission.limit} concurrent requests, then 503{again}"


def _format_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def describe_run(scenario: Scenario) -> Terms:
    """Terms of the run: length, replications, seed."""
    run = scenario.run
    return [
        ("simulated seconds per run", f"{scenario.horizon_s:,.6g}, of which {run.warm_up_s:g} are warm-up"),
        ("requests per run, expected", f"{scenario.expected_requests:,.0f}"),
        ("replications per design", str(run.replications)),
        ("seed", str(run.seed)),
        ("station form", run.station_form),
        ("times of real operations", run.timing),
        ("host noise", format_name(run.host_noise)),
    ]


def describe_provenance(scenario: Scenario) -> Terms:
    """Sources of the numbers, as far as they are equal when the run is repeated."""
    terms = [("simlib", collect_versions()["simlib"]), ("cost profile", scenario.profile.name)]
    digest = hash_profile(scenario)
    if digest is not None:
        terms.append(("cost profile, sha256", digest))
    measured = ("machine", "date", "python", "pyjwt", "cryptography", "openssl")
    terms += [
        (f"profile measured: {key}", scenario.profile.about[key]) for key in measured if key in scenario.profile.about
    ]
    if scenario.trace is not None:
        terms += [("trace", scenario.trace.source), ("trace, sha256", scenario.trace.sha256)]
    return terms


def describe_limits(verdicts: Verdicts) -> list[dict[str, Any]]:
    """One row per limit, with the word and the value of every design in their order; "-" where it has none."""
    rows: dict[str, dict[str, LimitOutcome]] = {}
    for outcome in verdicts.limits:
        rows.setdefault(outcome.limit, {})[outcome.design] = outcome
    return [_describe_limit(limit, outcomes, verdicts.designs) for limit, outcomes in rows.items()]


def _describe_limit(limit: str, outcomes: Mapping[str, LimitOutcome], designs: Sequence[str]) -> dict[str, Any]:
    allowed = next(iter(outcomes.values())).allowed
    cells = [(outcomes[name].word, outcomes[name].found) if name in outcomes else ("met", "") for name in designs]
    words = {"undefined": "not checked", "unstable": "broken"}
    return {
        "label": f"{find_limit_label(limit)} {allowed}".lstrip(),
        "cells": [{"style": word, "word": words.get(word, word), "found": found} for word, found in cells],
    }


def describe_promises(promises: Mapping[str, ValidityBounds]) -> list[dict[str, Any]]:
    """One row per design: bounds for expired and for revoked tokens, and marks."""
    return [
        {
            "name": name,
            "after_expiry": format_seconds(bounds.after_expiry_s),
            "after_revocation": format_seconds(bounds.after_revocation_s),
            "marks": bounds.marks,
        }
        for name, bounds in promises.items()
    ]
