"""Tracing of one user under a design: every effect of every host in order, without queues or costs."""
