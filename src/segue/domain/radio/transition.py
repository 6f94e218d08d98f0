"""The cost of a transition between two tracks, from their tempo, key and energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.radio.camelot import camelot_distance, camelot_hour

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = [AUDIO_FEATURES.index(name) for name in ("tempo", "key", "mode", "energy")]

GREATEST_TEMPO_CHANGE = 0.2
"""Relative change of tempo above which all changes cost the same; a turntable's pitch slider has ±8 %."""
GREATEST_ENERGY_CHANGE = 0.5
GREATEST_KEY_DISTANCE = 7
UNKNOWN_COST = 0.5
"""Cost of an unknown change; it is the mean of random pairs, exactly for keys and roughly for the others."""


@dataclass(frozen=True, slots=True)
class TransitionSound:
    """Sound of tracks as transitions need it, one row per track; NaN where unknown.

    Attributes
    ----------
    octave : float32 (n,)
        log₂ of the tempo in beats per minute.
    hour : float32 (n,)
        Hour on the Camelot wheel, 1 … 12.
    mode : float32 (n,)
        0 minor, 1 major.
    energy : float32 (n,)
        0 … 1.
    """

    octave: NDArray[np.float32]
    hour: NDArray[np.float32]
    mode: NDArray[np.float32]
    energy: NDArray[np.float32]

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> TransitionSound:
        return TransitionSound(self.octave[rows], self.hour[rows], self.mode[rows], self.energy[rows])


def build_sound(audio: NDArray[np.float32]) -> TransitionSound:
    """Read the sound from rows of `Catalogue.audio`, float32 (n, 12); a tempo of 0 or less is unknown."""
    tempo, key, mode, energy = audio[:, _COLUMNS].T
    octave = np.log2(np.where(tempo > 0, tempo, np.nan))
    return TransitionSound(octave.astype(np.float32), camelot_hour(key, mode), mode, energy)


def tempo_change(a: TransitionSound, b: TransitionSound) -> NDArray[np.float32]:
    """Return the relative change of tempo, float32 (n,), 0 … 0.41; half and double time count as equal."""
    octaves = np.abs(a.octave - b.octave)
    return np.asarray(np.exp2(np.abs(octaves - np.rint(octaves))) - 1, np.float32)


def key_distance(a: TransitionSound, b: TransitionSound) -> NDArray[np.float32]:
    """Return the steps on the Camelot wheel, float32 (n,), 0 … 7."""
    return camelot_distance(a.hour, a.mode, b.hour, b.mode)


def energy_change(a: TransitionSound, b: TransitionSound) -> NDArray[np.float32]:
    """Return the absolute change of energy, float32 (n,), 0 … 1."""
    return np.asarray(np.abs(a.energy - b.energy), np.float32)


@dataclass(frozen=True, slots=True)
class Smoothness:
    """Weight of each change, in the unit of `segue.domain.radio.station.StationRules`."""

    tempo: float = 2.0
    key: float = 1.4
    energy: float = 0.5


def transition_cost(a: TransitionSound, b: TransitionSound, weight: Smoothness) -> NDArray[np.float32]:
    """Return the cost of the transition from ``a`` to each of ``b``, float32 (n,), 0 … the sum of weights.

    Each change is divided by the greatest one that matters, limited to 1, and is `UNKNOWN_COST` if unknown.
    The change of tempo is squared, because few listeners hear 3 % and everybody hears 15 %.
    """
    tempo = _scaled(tempo_change(a, b), GREATEST_TEMPO_CHANGE, power=2)
    key = _scaled(key_distance(a, b), GREATEST_KEY_DISTANCE)
    energy = _scaled(energy_change(a, b), GREATEST_ENERGY_CHANGE)
    cost: NDArray[np.float32] = weight.tempo * tempo + weight.key * key + weight.energy * energy
    return cost


def _scaled(change: NDArray[np.float32], greatest: float, power: int = 1) -> NDArray[np.float32]:
    cost: NDArray[np.float32] = np.minimum(change / np.float32(greatest), 1) ** power
    cost[np.isnan(cost)] = UNKNOWN_COST
    return cost
