"""Measurements, each run by a command: python -m tests.bench.NAME [--json]; exits 1 when a figure does not hold."""
