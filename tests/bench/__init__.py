"""The benchmark: `scripts/bench` runs it as `python3 -m bench` with tests/ and tests/system/ on PYTHONPATH."""
