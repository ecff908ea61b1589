"""Content address of a run: a digest of all that its result depends on.

That is the world, the design, the run without its number of replications, the replication, the costs, the code of
simlib and of plug-ins, and further figures. Names and files of the scenario and its prices, limits and estimates are no
part of it.
"""

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from simlib.experiment.code_version import compute_code_version, describe_plugin_code, digest_function
from simlib.experiment.jobs import Job, Replication
from simlib.experiment.result_file import REPLICATION, RunIdentity
from simlib.scenario.profile import CostProfile
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import export_scenario

IRRELEVANT = ("replications", "level", "memory_budget_mb", "timing")
"""Keys of [run] on which no single result depends; runs with live times have no address."""
_DIGITS = 40


class AddressBuilder:
    """Builder of the identities of jobs of one ``work``; what scenarios have in common is digested once.

    Without ``work`` they are replications.
    """

    def __init__(self, work: Callable[[Job], Replication] | None = None) -> None:
        self._kind = REPLICATION if work is None else work.__name__
        self._work = "" if work is None else digest_function(work)
        self._documents: dict[int, tuple[Scenario, dict[str, Any]]] = {}
        self._settings: dict[tuple[int, str], str] = {}
        self._plugins = describe_plugin_code()

    def identify(self, job: Job) -> RunIdentity | None:
        """The identity of a job; None where its result is not repeatable or its code cannot be found."""
        figures = "" if job.figures is None else digest_function(job.figures)
        if self._plugins is None or job.scenario.run.timing == "live" or (job.figures is not None and not figures):
            return None
        settings, profile = self._describe_settings(job), job.scenario.profile
        inputs = [settings, job.replication, _digest_profile(profile), compute_code_version(), figures]
        inputs += [self._plugins, self._kind, self._work]
        address = hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:_DIGITS]
        run = job.scenario.run
        return RunIdentity(
            address, self._kind, compute_code_version(), job.design, job.replication, run.seed, profile.name, settings
        )

    def _describe_settings(self, job: Job) -> str:
        """World, run and design as JSON with sorted keys."""
        key = (id(job.scenario), job.design)
        if key not in self._settings:
            document = self._export(job.scenario)
            design = {name: value for name, value in document["designs"][job.design].items() if name != "title"}
            settings = {"world": document["world"], "run": document["run"], "name": job.design, "design": design}
            self._settings[key] = json.dumps(settings, sort_keys=True)
        return self._settings[key]

    def _export(self, scenario: Scenario) -> dict[str, Any]:
        """The tables of a scenario without what results do not depend on; files are named by their content."""
        kept = self._documents.get(id(scenario))
        if kept is None:
            document = export_scenario(scenario)
            document["world"]["profile"] = scenario.profile.name
            if "sha256" in document["world"]["load"]:
                del document["world"]["load"]["file"]
            document["run"] = {name: value for name, value in document["run"].items() if name not in IRRELEVANT}
            kept = self._documents[id(scenario)] = (
                scenario,
                document,
            )  # the scenario too, so that its id stays its own
        return kept[1]


@lru_cache(maxsize=64)
def _digest_profile(profile: CostProfile) -> str:
    """Digest of the quantiles and of the noise with which they are drawn."""
    digest = hashlib.sha256(profile.noise.encode())
    for operation, quantiles in sorted(profile.quantiles.items()):
        digest.update(f"\0{operation}\0{len(quantiles)}\0".encode())
        digest.update(quantiles.astype("<f8").tobytes())
    return digest.hexdigest()
