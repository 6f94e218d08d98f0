"""Invents the rows of customers and employees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Stage, stream
from segue.sources.sample.world.name import Inventor

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTRIES = (
    ("USA", "1", 0.26),
    ("Germany", "49", 0.12),
    ("Brazil", "55", 0.11),
    ("United Kingdom", "44", 0.10),
    ("France", "33", 0.09),
    ("Canada", "1", 0.08),
    ("India", "91", 0.08),
    ("Sweden", "46", 0.06),
    ("Portugal", "351", 0.05),
    ("Australia", "61", 0.05),
)
_TITLES = ("General Manager", "Sales Manager", *["Sales Support Agent"] * 3, "IT Manager", *["IT Staff"] * 2)
_REPORTS_TO = (None, 1, 2, 2, 2, 1, 6, 6)
_SUPPORT = (3, 4, 5)
_TOWNS_PER_COUNTRY = 12
_HOUSE_POSTAL_PHONE = ((1, 200), (10_000, 99_999), (0, 100))

Row = tuple[object, ...]


def customer_rows(seed: int, n: int) -> list[Row]:
    """Return the rows of ``customer``; addresses are invented, e-mail addresses end in example.com."""
    rng = stream(seed, Stage.PERSON)
    inventor = Inventor(stream(seed, Stage.PERSON, 1))
    towns = inventor.places(len(_COUNTRIES) * _TOWNS_PER_COUNTRY)
    country = rng.choice(len(_COUNTRIES), n, p=[share for *_, share in _COUNTRIES]).tolist()
    town = (rng.random(n) ** 1.5 * _TOWNS_PER_COUNTRY).astype(np.int64).tolist()
    house, postal, phone = (rng.integers(low, high, n).tolist() for low, high in _HOUSE_POSTAL_PHONE)
    support = rng.choice(_SUPPORT, n).tolist()
    rows: list[Row] = []
    for i in range(n):
        first, last = inventor.person()
        name, code, _ = _COUNTRIES[country[i]]
        rows.append(
            (
                *(i + 1, first, last, None, f"{house[i]} {inventor.word(2)} Street"),
                *(towns[country[i] * _TOWNS_PER_COUNTRY + town[i]], None, name, str(postal[i])),
                *(f"+{code} 555 01{phone[i]:02d}", None, f"{first}.{last}.{i + 1}@example.com".lower()),
                support[i],
            )
        )
    return rows


def employee_rows(seed: int) -> Iterator[Row]:
    """Yield the rows of ``employee``: eight people, three of whom support customers."""
    rng = stream(seed, Stage.PERSON, 2)
    inventor = Inventor(stream(seed, Stage.PERSON, 3))
    town = inventor.places(1)[0]
    for i, (title, boss) in enumerate(zip(_TITLES, _REPORTS_TO, strict=True)):
        first, last = inventor.person()
        born, hired = 1960 + int(rng.integers(0, 40)), 2019 + i // 2
        yield (
            *(i + 1, last, first, title, boss, f"{born}-05-{10 + i} 00:00:00", f"{hired}-03-01 00:00:00"),
            *(f"{i + 1} Market Street", town, None, "Canada", "10000", f"+1 555 02{i:02d}", None),
            f"{first}.{last}@example.com".lower(),
        )
