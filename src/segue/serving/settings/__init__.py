"""Settings and secrets of the functions."""
