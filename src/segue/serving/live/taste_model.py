"""The live reference of taste profiles: the recommender, with the clusters if there are any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.domain.taste.layout import BY_CLUSTERS
from segue.domain.taste.reference import build_reference
from segue.errors import AliasNotFoundError, ArtifactError
from segue.serving.api.telemetry import logger
from segue.serving.live.clusterings import LiveClusterings
from segue.serving.live.family import Loaded
from segue.serving.live.recommender import LiveRecommender
from segue.serving.live.turn import Latest

if TYPE_CHECKING:
    from segue.domain.cluster.clustering import Clustering
    from segue.domain.recommend.recommender import Recommender
    from segue.domain.taste.reference import Reference
    from segue.serving.settings.environment import ArtifactSettings


@dataclass(frozen=True, slots=True)
class TasteModel:
    """A reference, and the version of the clusters that made its map; None without clusters."""

    reference: Reference
    clusters_version: str | None = None


def live_taste(settings: ArtifactSettings) -> LiveTaste:
    """Return the live reference for an artifact store."""
    return LiveTaste(LiveRecommender(settings), LiveClusterings(settings))


def _model_of(recommender: Loaded[Recommender], clusters: Loaded[Clustering] | None) -> Loaded[TasteModel]:
    reference = build_reference(recommender.value, clusters.value if clusters else None)
    by_clusters = reference.layout.made_by == BY_CLUSTERS
    version = clusters.version if clusters and by_clusters else None
    return Loaded(TasteModel(reference, version), recommender.live)


class LiveTaste:
    """Follows the live recommender and the live clusters, which may be missing."""

    def __init__(self, recommender: LiveRecommender, clusterings: LiveClusterings) -> None:
        self._recommender, self._clusterings = recommender, clusterings
        self._latest = Latest[Loaded[TasteModel]](in_background=recommender.in_background)
        self._logged = ""

    def get(self) -> Loaded[TasteModel]:
        """Return the live reference; raise the errors of `LiveRecommender.get`."""
        recommender, clusters = self._recommender.get(), self._clusters()
        parts = recommender.value, clusters and clusters.value
        return self._latest.of(parts, lambda: _model_of(recommender, clusters))

    def expire(self) -> None:
        """Read the aliases on the next call."""
        self._recommender.expire()
        self._clusterings.expire()

    def _clusters(self) -> Loaded[Clustering] | None:
        try:
            return self._clusterings.get()
        except AliasNotFoundError:  # no clusters were prepared
            return None
        except ArtifactError as error:
            if str(error) != self._logged:  # logged once, not at every request
                logger.warning("no clusters can be served", extra={"reason": str(error.__cause__ or error)})
                self._logged = str(error)
            return None
