"""Stepper of `simlib.contracts`: the driver that unit tests step by hand."""

from simlib.contracts.stepping import Delay, Handler, Host, Route, StartedFlow, Stepper

Started = StartedFlow

__all__ = ["Delay", "Handler", "Host", "Route", "Started", "Stepper"]
