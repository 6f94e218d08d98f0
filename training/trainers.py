"""Every trainer, in the order of ``segue train all``; command line, documents and schedules read the list."""

from training.cluster.trainer import TRAINER as CLUSTERS
from training.genre_preference.trainer import TRAINER as GENRE_PREFERENCE
from training.hybrid.trainer import TRAINER as HYBRID

TRAINERS = (GENRE_PREFERENCE, HYBRID, CLUSTERS)
