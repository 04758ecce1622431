"""The screen: the only package that imports textual. Importing the package itself costs nothing."""
