"""Why a number is what it is: where its factors were written, what made it small, zero or not a number."""
