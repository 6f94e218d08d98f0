"""The genres: their places in the taste space, their sound and their demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUDIO = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
"""Columns of `SOUND`: loudness in dB, tempo in beats per minute, the others in [0, 1]."""

# fmt: off
# Place in the taste space (calm to fierce, acoustic to electronic, popular to artful), market weight,
# growth, probabilities of a major key, explicit words and three-four time, median seconds.
_TABLE = (
    ("Alternative",    0.35,  0.10,  0.35, 5.0,  0.0, .65, .12, .05, 232),
    ("Ambient",       -0.95,  0.65,  0.80, 1.8,  0.3, .55, .00, .14, 285),
    ("Blues",         -0.10,  -.55,  0.25, 2.2,  -.3, .68, .02, .16, 244),
    ("Classical",     -0.80,  -.95,  0.95, 2.4,  0.0, .62, .00, .28, 292),
    ("Country",       -0.25,  -.60,  -.55, 4.0,  0.0, .85, .02, .10, 212),
    ("Dance Pop",      0.30,  0.60,  -.95, 5.5,  0.1, .58, .12, .01, 204),
    ("Disco",          0.25,  0.25,  -.45, 2.0,  0.3, .55, .01, .01, 252),
    ("Drum and Bass",  0.85,  0.85,  0.25, 1.6,  0.3, .52, .06, .01, 262),
    ("Electronic",     0.20,  0.90,  0.25, 4.4,  0.3, .52, .05, .01, 248),
    ("Folk",          -0.65,  -.75,  0.15, 2.8,  0.1, .77, .02, .20, 224),
    ("Funk",           0.15,  -.05,  -.05, 1.9,  0.0, .56, .06, .02, 250),
    ("Gospel",        -0.35,  -.35,  -.45, 1.4,  -.2, .80, .00, .15, 262),
    ("Hip Hop",        0.35,  0.40,  -.40, 6.0,  0.2, .57, .62, .01, 206),
    ("House",          0.50,  0.80,  -.35, 2.8,  0.3, .50, .05, .00, 246),
    ("Indie Pop",     -0.20,  0.25,  0.05, 4.0,  0.4, .70, .05, .05, 218),
    ("Jazz",          -0.35,  -.40,  0.75, 2.4,  0.1, .54, .00, .18, 286),
    ("Latin",          0.10,  0.15,  -.70, 4.6,  0.5, .56, .18, .03, 209),
    ("Metal",          0.98,  -.15,  0.45, 3.2,  -.2, .58, .16, .03, 264),
    ("Pop",           -0.05,  0.30,  -.85, 8.0,  -.1, .65, .13, .04, 211),
    ("Punk",           0.85,  -.25,  0.00, 2.2,  -.2, .75, .16, .01, 168),
    ("R&B",           -0.15,  0.15,  -.30, 3.8,  0.2, .52, .28, .04, 215),
    ("Reggae",        -0.05,  -.15,  -.20, 2.0,  0.1, .62, .08, .01, 231),
    ("Rock",           0.60,  -.35,  -.10, 8.5,  -.3, .72, .05, .05, 236),
    ("Soul",          -0.25,  -.10,  -.05, 2.4,  0.1, .64, .02, .09, 209),
    ("Techno",         0.75,  0.98,  0.20, 1.8,  0.2, .49, .02, .00, 318),
)

# Medians of `AUDIO`.
_SOUND = {
    "Alternative":   (.52, .68,  -7.0, .05, .14, .030, .18, .45, 122),
    "Ambient":       (.30, .18, -19.0, .04, .72, .800, .11, .16,  98),
    "Blues":         (.53, .50,  -9.8, .05, .44, .030, .22, .56, 116),
    "Classical":     (.30, .16, -21.5, .04, .93, .780, .12, .20, 104),
    "Country":       (.57, .64,  -6.6, .04, .26, .002, .17, .56, 121),
    "Dance Pop":     (.70, .76,  -5.2, .07, .10, .004, .17, .57, 121),
    "Disco":         (.73, .73,  -7.6, .05, .15, .020, .17, .79, 118),
    "Drum and Bass": (.54, .86,  -5.2, .08, .04, .300, .20, .35, 173),
    "Electronic":    (.65, .69,  -7.3, .07, .11, .320, .16, .42, 123),
    "Folk":          (.50, .36, -11.6, .04, .71, .030, .14, .43, 117),
    "Funk":          (.74, .70,  -7.9, .08, .18, .030, .17, .78, 110),
    "Gospel":        (.50, .55,  -7.9, .05, .38, .002, .26, .42, 113),
    "Hip Hop":       (.74, .66,  -6.4, .21, .15, .002, .19, .50, 116),
    "House":         (.77, .79,  -6.9, .06, .05, .250, .14, .54, 124),
    "Indie Pop":     (.59, .57,  -7.9, .04, .30, .020, .15, .50, 119),
    "Jazz":          (.53, .36, -13.2, .05, .69, .220, .15, .49, 113),
    "Latin":         (.73, .73,  -5.3, .09, .22, .001, .18, .70, 114),
    "Metal":         (.40, .92,  -4.8, .09, .01, .110, .21, .29, 128),
    "Pop":           (.64, .61,  -6.3, .06, .23, .001, .16, .52, 118),
    "Punk":          (.46, .89,  -4.9, .07, .02, .004, .23, .55, 143),
    "R&B":           (.65, .54,  -7.3, .10, .30, .002, .15, .45, 108),
    "Reggae":        (.74, .56,  -8.0, .12, .17, .004, .17, .70, 114),
    "Rock":          (.50, .76,  -6.7, .05, .08, .020, .20, .51, 125),
    "Soul":          (.58, .49,  -9.2, .05, .42, .010, .19, .58, 112),
    "Techno":        (.70, .82,  -8.4, .06, .03, .700, .12, .28, 130),
}
# fmt: on

NAMES: tuple[str, ...] = tuple(row[0] for row in _TABLE)
_NUMBERS = np.array([row[1:] for row in _TABLE], np.float64)
PLACE = _NUMBERS[:, 0:3]
"""float64 (n_genres, 3): coordinates in the taste space, each in [-1, 1]."""
MARKET = _NUMBERS[:, 3] / _NUMBERS[:, 3].sum()
"""float64 (n_genres,): share of demand on the first day; sums to 1."""
GROWTH = _NUMBERS[:, 4]
"""float64 (n_genres,): log of the factor by which demand grows until the last day."""
SOUND = np.array([_SOUND[name] for name in NAMES], np.float64)
"""float64 (n_genres, 9): median of each of `AUDIO`."""
MAJOR, EXPLICIT, WALTZ, SECONDS = _NUMBERS[:, 5:9].T
"""float64 (n_genres,) each: P(major key), P(explicit), P(three-four time), median length in seconds."""


def kernel(step: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return how near each genre, moved by ``step``, is to each other genre.

    Parameters
    ----------
    step : float64 (3,)
        Move in the taste space; zeros compare the genres themselves.
    width
        Distance at which the nearness is exp(-1/2).

    Returns
    -------
    float64 (n_genres, n_genres)
        exp(-|x_h - x_g - step|² / 2 width²) in row g, column h; in (0, 1].
    """
    distance = PLACE[None, :, :] - PLACE[:, None, :] - step
    return np.asarray(np.exp(-(distance**2).sum(axis=2) / (2 * width**2)))


def neighbour_matrix(width: float) -> NDArray[np.float64]:
    """Return P(h | g), float64 (n_genres, n_genres): the other genres by nearness; rows sum to 1."""
    near = kernel(np.zeros(3), width)
    np.fill_diagonal(near, 0.0)
    return np.asarray(near / near.sum(axis=1, keepdims=True))
