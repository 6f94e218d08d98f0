"""The older protocol: what a user had later, ranked among some sampled items and nothing else.

Kept to compare with tables that were published so. It can order models otherwise than the ranking of the
whole catalogue does (Krichene & Rendle, "On sampled metrics for item recommendation", KDD 2020).
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

from segue.errors import SourceSchemaError, SourceUnavailableError
from training.evaluate.reader import read_interactions
from training.measure.metric import accuracy_of_users
from training.measure.order import rank_candidates

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.algorithm.kind import Scorer
    from training.evaluate.split import Split

SAMPLED = ("hit_rate", "ndcg")


@dataclass(frozen=True, slots=True)
class Negatives:
    """Sampled items that compete with the items that each user had later.

    Attributes
    ----------
    items : csr_matrix float32 (n_users, n_items)
        1 where the item was sampled for the user; never an item of the test part.
    basis : str
        A sentence that says what was found in the file.
    """

    items: csr_matrix
    basis: str


def read_negatives(path: Path, split: Split) -> Negatives:
    """Read sampled items by user: .npz with ``user`` and ``neg``, NCF's ``.negative``, or as interactions.

    Sampled items that the user had in training stay, as published tables have them; they are counted.

    Raises
    ------
    SourceUnavailableError
        The file cannot be read.
    SourceSchemaError
        It is of no such form, or nobody who is tested is in it.
    """
    try:
        user_id, item_id = _read_pairs(path)
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read ({error}): give a readable file.") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SourceSchemaError(f"{path} holds no samples ({error}): give a file of such a form.") from error
    user, item = split.find_users(user_id), split.find_items(item_id)
    known = (user >= 0) & (item >= 0)
    items = csr_matrix((np.ones(known.sum(), np.float32), (user[known], item[known])), shape=split.test.shape)
    items.data[:] = 1
    n_true = items.multiply(split.test > 0).nnz
    items = csr_matrix(items - items.multiply(split.test > 0))
    count = np.diff(items.indptr)[split.users]
    if not count.any():
        raise SourceSchemaError(f"{path}: it samples no item for a user who is tested; give their ids.")
    least, most = count[count > 0].min(), count.max()
    size = f"{least}" if least == most else f"{least} to {most}"
    n_had = items[split.users].multiply(split.train[split.users] > 0).nnz
    return Negatives(
        items,
        f"sampled: {size} items for each of {(count > 0).sum()} tested users in {path.name}; {n_had} pairs "
        f"are in training too and stay, as published; {n_true} in the test too and {(~known).sum()} of "
        "unknown users or items are left out",
    )


def sampled_accuracy(
    scorer: Scorer, split: Split, negatives: Negatives, k: int
) -> dict[str, NDArray[np.float64]]:
    """Measure hit rate and NDCG at k of each tested user's items among the sampled ones, float64 (n,).

    NaN for users without sampled items.
    """
    truth = split.test[split.users]
    candidates = csr_matrix(negatives.items + (split.test > 0))
    users = accuracy_of_users(rank_candidates(scorer, split.train, split.users, k, candidates), truth)
    has_any = np.diff(negatives.items.indptr)[split.users] > 0
    return {f"sampled_{name}": np.where(has_any, users[name], np.nan) for name in SAMPLED}


def _read_pairs(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    if path.suffix.lower() == ".negative":
        return _read_ncf(path)
    if path.suffix.lower() == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            if {"user", "neg"} <= set(archive):
                user, items = archive["user"], archive["neg"]
                if items.ndim != 2 or user.shape != items.shape[:1]:
                    raise SourceSchemaError(
                        f"{path}: user is {user.shape} and neg {items.shape}; give a row of neg a user."
                    )
                return np.repeat(user, items.shape[1]), items.ravel()
    table = read_interactions(path, timed=False)
    return table.user, table.item


def _read_ncf(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Lines ``(user,item) sampled sampled …`` (He et al., "Neural collaborative filtering", 2017)."""
    users: list[str] = []
    items: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = re.fullmatch(r"\(([^,]+),[^)]+\)\s+(\S.*)", line.strip())
        if match is None:
            raise SourceSchemaError(
                f"{path}, line {number}: {line[:40]!r} is not `(user,item) sampled sampled …`; fix the line."
            )
        sampled = match[2].split()
        users.extend([match[1]] * len(sampled))
        items.extend(sampled)
    return np.array(users, np.str_), np.array(items, np.str_)
