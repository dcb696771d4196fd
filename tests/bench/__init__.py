"""Measurements: commands that print tables, not tests. `python -m tests.bench.NAME --help` says what each does."""
