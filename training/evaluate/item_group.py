"""Groups of items: by genre if genres are known, else by number of listeners and by popularity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, diags_array

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.table.column import split_names
from segue.sources.dataset.table.known_column import GENRES, ITEM_IDS
from training.evaluate.columns import read_frame, read_ids
from training.measure.metric import item_counts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.evaluate.split import Split

GENRE_NAMES = ("genre", *GENRES, "tag", "tags", "tag_id", "category", "categories")
POPULARITY_GROUPS = 3


@dataclass(frozen=True, slots=True)
class ItemGroups:
    """What diversity and calibration compare items by.

    Attributes
    ----------
    basis : str
        A sentence that says where the groups come from.
    features : csr_matrix float64 (n_items, n_features)
        ≥ 0, rows of length 1, so that products of rows are cosines; 0 where nothing is known of an item.
    groups : csr_matrix float64 (n_items, n_groups)
        p(group | item); rows sum to 1, or to 0 where nothing is known of an item.
    """

    basis: str
    features: csr_matrix
    groups: csr_matrix


def group_by_listening(train: csr_matrix) -> ItemGroups:
    """Compare items by their listeners, and group them by popularity: head, mid and tail.

    Each group has a third of the training pairs, the most popular items in the head, after Abdollahpouri,
    Mansoury, Burke, Mobasher & Malthouse, "User-centered evaluation of popularity bias in recommender
    systems" (UMAP 2021). Items that nobody had are in the tail.
    """
    count = item_counts(train)
    order = np.argsort(-count, kind="stable")
    before = np.empty(len(count), np.int64)
    before[order] = np.cumsum(count[order]) - count[order]
    third = np.minimum(POPULARITY_GROUPS * before // count.sum(), POPULARITY_GROUPS - 1)
    third[count == 0] = POPULARITY_GROUPS - 1
    groups = csr_matrix(
        (np.ones(len(count)), (np.arange(len(count)), third)), shape=(len(count), POPULARITY_GROUPS)
    )
    listeners = csr_matrix((np.ones(train.nnz), train.indices, train.indptr), shape=train.shape).T.tocsr()
    basis = "diversity by listeners in common, calibration by thirds of popularity (no --items file)"
    return ItemGroups(basis, _scale_rows(listeners, 2), groups)


def read_item_groups(path: Path, split: Split) -> ItemGroups:
    """Read items and their genres: several rows an item, or several genres in a cell, by ``;`` or ``|``.

    Raises
    ------
    SourceUnavailableError
        The file cannot be read.
    SourceSchemaError
        A column is missing, or none of its items is in the interactions: give the ids that they have.
    """
    try:
        raw, _ = read_frame(path, {"item": ITEM_IDS, "genre": GENRE_NAMES})
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read ({error}): give a readable file.") from error
    genres = raw["genre"].astype(str).str.casefold().map(lambda cell: split_names(cell, commas=True))
    rows = pd.DataFrame({"item": read_ids(raw["item"]), "genre": genres}).dropna().explode("genre")
    rows["index"] = split.find_items(rows["item"].to_numpy(np.str_))
    rows = rows[rows["genre"].notna() & (rows["index"] >= 0)]
    if rows.empty:
        raise SourceSchemaError(
            f"{path}: no item with a genre is in the interactions; "
            f"give ids as they have them, such as {str(split.item_id[0])!r}."
        )
    genre, names = pd.factorize(rows["genre"], sort=True)
    counts = csr_matrix((np.ones(len(genre)), (rows["index"], genre)), shape=(len(split.item_id), len(names)))
    counts.data[:] = 1
    n_known = int((np.diff(counts.indptr) > 0).sum())
    basis = (
        f"diversity and calibration by genre: {len(names)} genres in {path.name}, "
        f"{n_known} of {len(split.item_id)} items have one"
    )
    return ItemGroups(basis, _scale_rows(counts, 2), _scale_rows(counts, 1))


def _scale_rows(matrix: csr_matrix, norm: int) -> csr_matrix:
    length: NDArray[np.float64] = (matrix.power(norm).sum(axis=1).A1) ** (1 / norm)
    inverse = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    return csr_matrix(diags_array(inverse) @ matrix)
