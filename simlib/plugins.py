"""Plug-ins: strategies, stations, metrics, figures and attacks of your own, without a change of this package.

In a notebook or script call `register_strategy`, `register_station`, `register_metric`, `register_figure` or
`register_attack`; worker processes get what is registered here. A package names the same objects as entry points, which
are found when they are needed; the names in quotes are those of the entry-point groups::

    [project.entry-points."simlib.strategies"]      # entry-point group of strategies; a class: a part of designs
    my_cache = "my_package.my_cache:MyCache"
    [project.entry-points."simlib.stations"]        # entry-point group of stations; a class: a kind of station
    [project.entry-points."simlib.metrics"]         # ... of metrics; a pair: (Metric, function of records and warm-up)
    [project.entry-points."simlib.figures"]         # ... of figures; a triple: (name, function of verdicts, caption)
    [project.entry-points."simlib.attacks"]         # ... of attacks; a class: an attack

All of them raise ValueError that says what is missing, or that the name is taken by a built-in one. A call replaces
what was registered before; two entry points of one name are an error. Errors in the code of a plug-in are reported by
InputError, in one line that names it; a figure that fails is left out of the report.

A strategy, here a wrapper (``formats``: the token formats that it fits; ``at_edge``: only where requests come in)::

    @dataclass(frozen=True)
    class PauseSettings:
        pause_s: float = 0.001

    class PausingValidator(ValidatorWrapper):
        def __init__(self, inner, settings):
            super().__init__(inner)
            self.settings = settings

        def validate(self, ctx, state, presented):            # a generator of effects
            verdict = yield from self.inner.validate(ctx, state.inner, presented)
            yield Sleep(self.settings.pause_s)
            return verdict

    class Pause(Wrapper):
        name, summary, Settings = "pause", "a pause after each check", PauseSettings
        formats, at_edge = TOKEN_FORMATS, False
        list_operations = staticmethod(lambda settings, deployment: frozenset())

        def __init__(self, settings, deployment):
            self.settings = settings

        def wrap_validator(self, validator):
            return PausingValidator(validator, self.settings)

A station; scenarios name its ``discipline`` as a key of a host, such as ``[world.service]``. The task of a job fires by
``kernel.schedule_at(task, time, task.key)``. A subclass of `Occupancy` calls ``_integrate(now)`` before it changes any
of the counters ``_idle`` (workers), ``_number`` (of jobs present) and ``_arrivals``; ``sample`` reads them::

    class LastComeFirstServed(Occupancy, SteadyStation):      # SteadyStation: no fault may vary its speed
        form, discipline, looks_ahead, varies = "last_come", "last_come_first_served", False, False

        def __init__(self, kernel, workers):
            super().__init__(workers)
            self.kernel, self.waiting = kernel, []

        def enter(self, task, seconds, now):
            self._integrate(now)
            self._number, self._arrivals = self._number + 1, self._arrivals + 1
            if self._idle:
                self._idle -= 1
                self.extend(task, seconds, now)
            else:
                self.waiting.append((task, seconds))

        def extend(self, task, seconds, now):
            self.kernel.schedule_at(task, now + seconds, task.key)

        def leave(self, task, now):
            self._integrate(now)
            self._number -= 1
            if self.waiting:
                self.extend(*self.waiting.pop(), now)
            else:
                self._idle += 1

Here are also the base classes, effects and values of which plug-ins are made; tests/plugins/example_plugin has one of
each kind.

Tests of a plug-in hold it to the contract of the built-in ones: `check_strategy`, `check_station`, `check_metric`,
`check_figure` and `check_attack` raise AssertionError with a sentence that names the case and the fault.
`isolate_registrations` undoes the registrations of a test.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simlib.analysis.metrics import Metric, register_metric
from simlib.attacks import Attack, AttackerAssets, Candidate, NotApplicable, Preparation, register_attack
from simlib.attacks.base import FlowAttack, TokenAttack
from simlib.engine.kernel import Kernel
from simlib.engine.stations import Occupancy, Sample, Station, SteadyStation, register_station
from simlib.engine.task import Task
from simlib.report.registered_figures import register_figure
from simlib.scenario.effects import Answer, Call, Compute, Context, Draw, Failed, Flow, Once, Reply, Sleep, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.scenario.registry import isolate_registrations
from simlib.strategies import (
    BackgroundWorker,
    Bound,
    DeploymentConfig,
    Grant,
    Issued,
    Issuer,
    Part,
    PresentedToken,
    Presenter,
    Propagator,
    PushReceiver,
    StationaryStarter,
    Validator,
    ValidatorWrapper,
    Wrapper,
    WrapperState,
    register_strategy,
)
from simlib.strategies.caches import ExpiringCache
from simlib.tokens import TOKEN_FORMATS, TokenFormat, make_store_key
from simlib.tokens.forging import replace_claims

if TYPE_CHECKING:  # imported when they are used: they need all of the package
    from simlib.contracts import check_attack, check_figure, check_metric, check_station, check_strategy

__all__ = [
    "TOKEN_FORMATS",
    "Answer",
    "Attack",
    "AttackerAssets",
    "BackgroundWorker",
    "Bound",
    "Call",
    "Candidate",
    "Compute",
    "Context",
    "DeploymentConfig",
    "Draw",
    "ExpiringCache",
    "Failed",
    "Flow",
    "FlowAttack",
    "Grant",
    "HttpRequest",
    "Issued",
    "Issuer",
    "Kernel",
    "Metric",
    "NotApplicable",
    "Occupancy",
    "Once",
    "Part",
    "Preparation",
    "PresentedToken",
    "Presenter",
    "Propagator",
    "PushReceiver",
    "Reply",
    "Sample",
    "Sleep",
    "Station",
    "StationaryStarter",
    "SteadyStation",
    "Task",
    "TokenAttack",
    "TokenFormat",
    "Validator",
    "ValidatorWrapper",
    "Verdict",
    "Wrapper",
    "WrapperState",
    "check_attack",
    "check_figure",
    "check_metric",
    "check_station",
    "check_strategy",
    "isolate_registrations",
    "make_store_key",
    "register_attack",
    "register_figure",
    "register_metric",
    "register_station",
    "register_strategy",
    "replace_claims",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("simlib.contracts"), name)
