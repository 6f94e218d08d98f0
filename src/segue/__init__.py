"""Segue: a music-intelligence backend that scales to zero."""

__version__ = "0.1.0"
