"""The console: text in, text out."""
