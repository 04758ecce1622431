"""Tests through a real pseudo-terminal: what a person at a terminal would see and be left with."""
