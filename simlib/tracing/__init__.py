"""Tracing: one user run through a design, effect by effect, without load."""
