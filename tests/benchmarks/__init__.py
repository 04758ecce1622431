"""Measurements: reported by hand or in CI, never collected by pytest and never asserted."""
