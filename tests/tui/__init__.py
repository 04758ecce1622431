"""Tests of the screen, with textual's own driver: no terminal."""
