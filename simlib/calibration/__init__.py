"""Measures real operations on this machine and writes a cost profile; the only place that reads a real clock."""
