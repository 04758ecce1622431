"""The tests. What is timed lives in `tests.benchmarks` and is reported, never asserted."""
