"""The screens: the debugger and its help."""
