"""The user's own code, run in a process of its own."""
