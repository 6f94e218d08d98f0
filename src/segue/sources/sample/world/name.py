"""Invents names of artists, albums, tracks, people and places from syllables and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

# fmt: off
_ONSET = ("b", "br", "c", "d", "dr", "f", "g", "gl", "h", "j", "k", "l", "m", "n", "p", "pr", "r", "s", "st",
          "t", "tr", "v", "w", "z", "sh", "th", "")
_VOWEL = ("a", "e", "i", "o", "u", "ae", "ia", "ei", "ou", "y")
_CODA = ("", "", "", "", "n", "r", "l", "s", "m", "k", "nd", "rn", "th", "x")
_ADJECTIVE = ("Amber", "Borrowed", "Broken", "Distant", "Electric", "Empty", "Gilded", "Hollow", "Last",
              "Pale", "Little", "Northern", "Quiet", "Restless", "Silver", "Slow", "Sudden", "Tidal",
              "Velvet", "Winter")
_NOUN = ("Anthem", "Bridge", "Carnival", "Compass", "Daylight", "Engine", "Garden", "Harbour", "Horizon",
         "Signal", "Lantern", "Letter", "Machine", "Meadow", "Mirror", "Orchard", "Postcard", "Sparrow",
         "Static", "Window")
_BAND = ("Orchestra", "Collective", "Trio", "Sound", "Quartet", "Assembly", "Parade", "Union", "Society",
         "System")
_TOWN = ("", "ford", "berg", "mouth", " Bay", "ville", "holm")
# fmt: on


class Inventor:
    """Invents names from one stream of random numbers.

    Parameters
    ----------
    rng
        It should have no other use, because its numbers are drawn in batches.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._numbers = _numbers(rng)

    def word(self, syllables: int) -> str:
        """Return a pronounceable capitalised word."""
        parts = [self._pick(_ONSET) + self._pick(_VOWEL) for _ in range(syllables)]
        return ("".join(parts) + self._pick(_CODA)).capitalize()

    def person(self) -> tuple[str, str]:
        """Return a first and a last name."""
        return self.word(2), self.word(3)

    def artists(self, n: int) -> list[str]:
        """Return ``n`` distinct names; their words are too long to equal a known artist's by chance."""
        return _distinct(n, self._artist)

    def titles(self, n: int) -> list[str]:
        """Return ``n`` titles of albums or tracks; they may repeat, like real titles."""
        return [self._title() for _ in range(n)]

    def places(self, n: int) -> list[str]:
        """Return ``n`` distinct names of towns."""
        return _distinct(n, lambda: self.word(2) + self._pick(_TOWN))

    def _artist(self) -> str:
        form = next(self._numbers)
        word = self.word(3)
        if form < 0.35:
            return f"{self.word(2)} {word}"
        if form < 0.55:
            return f"The {word} {self._pick(_BAND)}"
        if form < 0.75:
            return f"{self._pick(_ADJECTIVE)} {word}"
        return f"{word} {self.word(1)}"

    def _title(self) -> str:
        adjective, noun, word = self._pick(_ADJECTIVE), self._pick(_NOUN), self.word(2)
        templates = (
            f"{adjective} {word}",
            f"{noun} of {word}",
            f"{word}'s {noun}",
            f"{adjective} {noun} in {word}",
            f"{word} {noun}",
            word,
        )
        return self._pick(templates)

    def _pick(self, choices: Sequence[str]) -> str:
        return choices[int(next(self._numbers) * len(choices))]


def are_invented(titles: Sequence[str]) -> bool:
    """Return whether titles are of the sample store: most of these have a word of the two lists."""
    known = {*_ADJECTIVE, *_NOUN}
    return 2 * sum(not known.isdisjoint(title.split()) for title in titles) > len(titles)


def _numbers(rng: np.random.Generator) -> Iterator[float]:
    while True:  # one call per number would be slow
        yield from rng.random(4096).tolist()


def _distinct(n: int, invent: Callable[[], str]) -> list[str]:
    # A dict keeps the order of insertion; the order of a set differs between processes.
    names: dict[str, None] = {}
    while len(names) < n:
        names[invent()] = None
    return list(names)
