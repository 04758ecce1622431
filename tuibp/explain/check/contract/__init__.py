"""How the user's code wants to be called, and what it gives back: found by trying, not by asking."""
