"""The families of artifacts, by name. One module without imports, as every function reads it."""

GENRE_PREFERENCE = "genre-preference"
VOCABULARY = "vocabulary"
ITEM_FACTORS = "item-factors"
ITEM_SIMILARITY = "item-similarity"

FAMILIES = (GENRE_PREFERENCE,)
"""Every family that a function serves."""
