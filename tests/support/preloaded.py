"""Modules that commands import, loaded once by the process from which those of tests are forked.

A command that is run here to its end also leaves what is computed once in a process: the models of scenarios, keys,
templates, fonts. Plug-ins it leaves to the commands, each of which may have others.
"""

import gc
import tempfile
from pathlib import Path
from unittest import mock

import simlib.commands.attacks
import simlib.commands.bad_days
import simlib.commands.decide
import simlib.commands.sweep
import simlib.commands.theory
from simlib.scenario.registry import PluginGroup
from support.command_line import simlib, write_tiny

with tempfile.TemporaryDirectory() as folder, mock.patch.object(PluginGroup, "load"):
    write_tiny(Path(folder))
    options = ("--replications", "1", "--workers", "1", "--profiles", "none")
    simlib("compare", "tiny.toml", *options, "--out", "out", cwd=Path(folder))
    simlib("effort", "tiny.toml", cwd=Path(folder))

# Commands share what is here instead of copying each page that the garbage collector visits.
gc.collect()
gc.freeze()
