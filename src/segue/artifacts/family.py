"""The families of artifacts, by name. One module without imports, as every function reads it."""

GENRE_PREFERENCE = "genre-preference"

FAMILIES = (GENRE_PREFERENCE,)
"""Every family that a function serves."""
