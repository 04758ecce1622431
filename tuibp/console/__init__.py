"""The console: every command of the debugger as text in, text out; screen, `--plain` and scripts speak to it."""
