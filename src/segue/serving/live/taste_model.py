"""What profiles are measured against, live: the recommender, and the clusters where there are any."""

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
    """A reference, and the version of the clusters that its map is drawn by; None without any."""

    reference: Reference
    clusters_version: str | None = None


def live_taste(settings: ArtifactSettings) -> LiveTaste:
    """Follow what is live where the settings say."""
    return LiveTaste(LiveRecommender(settings), LiveClusterings(settings))


def _model_of(found: Loaded[Recommender], clusters: Loaded[Clustering] | None) -> Loaded[TasteModel]:
    reference = build_reference(found.value, clusters.value if clusters else None)
    drawn = reference.layout.made_by == BY_CLUSTERS
    return Loaded(TasteModel(reference, clusters.version if clusters and drawn else None), found.live)


class LiveTaste:
    """Follow the recommender and the live clusters; the latter may be missing."""

    def __init__(self, recommender: LiveRecommender, clusterings: LiveClusterings) -> None:
        self._recommender, self._clusterings = recommender, clusterings
        self._latest = Latest[Loaded[TasteModel]](in_background=recommender.in_background)
        self._said = ""

    def get(self) -> Loaded[TasteModel]:
        """Return the reference for what is live; raises as `LiveRecommender.get` does."""
        found, clusters = self._recommender.get(), self._clusters()
        parts = found.value, clusters and clusters.value
        return self._latest.of(parts, lambda: _model_of(found, clusters))

    def expire(self) -> None:
        """Look at the aliases on the next call."""
        self._recommender.expire()
        self._clusterings.expire()

    def _clusters(self) -> Loaded[Clustering] | None:
        try:
            return self._clusterings.get()
        except AliasNotFoundError:  # nobody has prepared any: the map is drawn without
            return None
        except ArtifactError as error:
            if str(error) != self._said:  # once, not at every request
                logger.warning("no clusters can be served", extra={"reason": str(error.__cause__ or error)})
                self._said = str(error)
            return None
