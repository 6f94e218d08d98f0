"""The families of artifacts, by name. Every function reads this module, so it imports no numpy."""

from __future__ import annotations

from segue.domain.model import MODULES

GENRE_PREFERENCE = "genre-preference"
CATALOGUE = "catalogue"
CONTENT = "content"
HYBRID = "hybrid"
CLUSTERS = "clusters"
"""The family with several variants. Each has its own alias, `variant_alias`; champion is the live one."""

VARIANTS = (
    "naive_features",
    "pca_features",
    "combined_features",
    "llav_features",
    "llav_pca",
    "lyrics_features",
)
"""The variants of clusters, by the features that tracks are clustered by."""

MEMBERS = tuple(MODULES)
"""The families of a recommender, besides its catalogue and the hybrid that ranks."""

CONTENT_INDEX = "content-index"
"""The family that finds similar tracks of a large catalogue without reading every vector."""

PINNED = (CATALOGUE, *MEMBERS, CONTENT_INDEX)
"""What is served as the live hybrid pins it, whatever its own alias says."""

FAMILIES = (GENRE_PREFERENCE, HYBRID, CLUSTERS)
"""Every family that a function follows; its manifest pins the others that it needs."""

FORMAT = dict.fromkeys((*FAMILIES, *PINNED), 1) | {GENRE_PREFERENCE: 2, HYBRID: 2, CLUSTERS: 2}
"""Number of the layout in which a family's files are written: their names, types, and keys of JSON.

It is in each manifest, as ``code.format``, and 1 where a manifest has none. A reader reads every layout up
to this one, and refuses a newer one. Another layout is another number and another golden artifact.
"""

_MADE_BY = {GENRE_PREFERENCE: "train genre-preference", CLUSTERS: "prepare", CONTENT_INDEX: "index build"}


def made_by(family: str) -> str:
    """Name the command that makes and promotes a version of a family."""
    return f"segue {_MADE_BY.get(family, 'train recommend')}"


def variant_alias(variant: str) -> str:
    """Name the alias of a variant's current version: ``pca-features`` of pca_features."""
    return variant.replace("_", "-")
