"""Deployment: a scenario's design built into a network of hosts with real services, and one replication of it run."""
