"""Tortie: a routed container network for Linux hosts. The map of the packages stands in the README."""

__all__ = ["__version__"]

__version__ = "0.1.0"
