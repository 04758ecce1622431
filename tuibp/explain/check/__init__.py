"""Checking the user's own backprop: their numbers beside the reference, and the name of the mistake."""
