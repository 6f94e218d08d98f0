"""The trainer of the clusters; `training.cluster.prepare` builds their variants, several at once."""

from segue.artifacts.family import CLUSTERS
from training.release.trainer import Reads, Resources, Trainer

TRAINER = Trainer(
    command="prepare",
    about="Prepare the clusterings of the tracks.",
    families=(CLUSTERS,),
    reads=Reads.TRACKS,
    recipe=1,
    criteria=(),
    resources=Resources(vcpu=4, memory_gib=16, minutes=120),
)
