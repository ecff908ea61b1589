"""Modules that commands import, loaded once by the process from which those of tests are forked."""

import matplotlib.backends.backend_svg
import matplotlib.figure
import pandas
import scipy.interpolate
import scipy.special

import simlib.cli
import simlib.commands.application
import simlib.commands.attacks
import simlib.commands.bad_days
import simlib.commands.compare
import simlib.commands.decide
import simlib.commands.sweep
import simlib.commands.theory
import simlib.experiment
import simlib.report.comparison_folder

__all__ = ["matplotlib", "pandas", "scipy", "simlib"]
