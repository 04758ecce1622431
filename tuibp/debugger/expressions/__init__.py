"""Expressions: the small language of conditions, watches and prints (design: stops.md section 3)."""
