"""Widgets that paint what `present` returns. They know roles and cells, never networks or sessions."""
