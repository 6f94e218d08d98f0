"""The families of artifacts, by name. One module without imports, as every function reads it."""

GENRE_PREFERENCE = "genre-preference"
CATALOGUE = "catalogue"
POPULARITY = "popularity"
ITEM_FACTORS = "item-factors"
ITEM_SIMILARITY = "item-similarity"
NONNEGATIVE_FACTORS = "nonnegative-factors"
CONTENT = "content"
RULES = "rules"
SOCIAL = "social"
HYBRID = "hybrid"
CLUSTERS = "clusters"
"""Of five variants; each has an alias of its own, and champion is the one that is live."""

MEMBERS = (POPULARITY, ITEM_FACTORS, NONNEGATIVE_FACTORS, ITEM_SIMILARITY, CONTENT, RULES, SOCIAL)
"""What a recommender is made of, beside its catalogue and the hybrid that ranks."""

FAMILIES = (GENRE_PREFERENCE, HYBRID)
"""Every family that a function follows; its manifest pins the others that it needs."""
