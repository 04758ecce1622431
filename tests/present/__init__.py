"""Tests of what the panes show, without a screen."""
