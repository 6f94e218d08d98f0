"""What is asked of a build, and what identifies it: settings, and the code that it is made by."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from segue.errors import InvalidInputError
from training.cluster.trainer import TRAINER

if TYPE_CHECKING:
    from training.cluster.variant import ClusterVariant

N_NEIGHBOURS = 50
"""Number of neighbours of each track, in the index and in the graph that clusters grow from."""

SMALLEST_CLUSTER = 2

Method = Literal["eom", "leaf"]
"""Which nodes become clusters: those that last longest (excess of mass), or the leaves."""

READING = 1
"""Number of the code that reads tables. Raise it if a change of the code changes what it finds in them."""


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """What somebody asks for; None leaves it to the search.

    Attributes
    ----------
    min_cluster_size, min_samples : int or None
        As hdbscan calls them.
    method : Method or None
    seed : int
        Seed of the map, of samples, and of the subsamples of the stability.
    components : int or None
        Principal components of the variants that have some.

    Raises
    ------
    InvalidInputError
        A value is out of range.
    """

    min_cluster_size: int | None = None
    min_samples: int | None = None
    method: Method | None = None
    seed: int = 17
    components: int | None = None

    def __post_init__(self) -> None:
        if self.min_cluster_size is not None and self.min_cluster_size < SMALLEST_CLUSTER:
            raise InvalidInputError(
                f"min_cluster_size {self.min_cluster_size}: give {SMALLEST_CLUSTER} or more."
            )
        if self.min_samples is not None and not 1 <= self.min_samples <= N_NEIGHBOURS:
            raise InvalidInputError(f"min_samples {self.min_samples}: give 1 … {N_NEIGHBOURS}.")
        if self.method is not None and self.method not in get_args(Method):
            raise InvalidInputError(f"method {self.method!r}: give {' or '.join(get_args(Method))}.")

    def applied_to(self, variant: ClusterVariant, n_columns: int) -> ClusterVariant:
        """Return the variant with the components asked for, at most one a column, if it has components."""
        if variant.n_components is None:
            return variant
        return replace(variant, n_components=min(self.components or variant.n_components, n_columns))


def build_params(variant: ClusterVariant, settings: ClusterSettings, n_columns: int) -> dict[str, Any]:
    """Return what a manifest keeps of a build: an equal one, of equal data, need not be repeated."""
    asked = asdict(settings)
    del asked["components"]  # n_components has the result
    return {
        "variant": variant.name,
        "tables": [str(table) for table in variant.tables],
        "scaling": str(variant.scaling),
        "n_components": settings.applied_to(variant, n_columns).n_components,
        "n_neighbours": N_NEIGHBOURS,
        **asked,
        "recipe": TRAINER.recipe,
    }
