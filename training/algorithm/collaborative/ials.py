"""The stronger ALS: frequency-scaled regularisation, a small unobserved weight, many dimensions."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.collaborative.item_factors import Confidence, Objective, rotate
from segue.errors import ConfigError
from training.algorithm.kind import AlgorithmKind
from training.algorithm.native import importing
from training.algorithm.scorer import FactorScorer
from training.measure.space import Choice, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_matrix

_SOLVER = "irspack.recommenders._ials_core"


@dataclass(frozen=True, slots=True)
class IalsRecommender:
    """Rendle, Krichene, Zhang & Koren, "Revisiting the performance of iALS …" (2021), eqs. 1, 3 and 5.

    Solved block by block as in "iALS++: Speeding up matrix factorization with subspace optimization"
    (Rendle et al. 2021), by the C++ solver of the package irspack.

    Attributes
    ----------
    n_factors : int
        Dimensions d, up to 1024: quality still grows there.
    ridge : float
        What the average user is regularised by, λ (h + α₀ n_items)^ν for one with h of n_items items; it
        gives λ, by which items are regularised likewise. Unlike λ itself it keeps its size from one
        catalogue to another, and from one α₀ or ν to another.
    frequency_exponent : float
        ν: 0 regularises everybody alike, 1 in proportion to the length of the history.
    unobserved_weight : float
        α₀, the weight of every item; an item that was played weighs α r more.
    alpha : float
    n_sweeps : int
        Passes over users and items.
    block_size : int
        Dimensions that are solved at a time.
    init_std : float
        Factors start normal with this standard deviation / √d, so that scores start alike for every d.
    seed : int
        Seed of the initial factors; the same seed gives the same model.
    """

    n_factors: int = 1024
    ridge: float = 2.0
    frequency_exponent: float = 1.0
    unobserved_weight: float = 0.02
    alpha: float = 1.0
    n_sweeps: int = 8
    block_size: int = 64
    init_std: float = 0.1
    seed: int = 17

    def fit(self, interactions: csr_matrix, progress: Callable[[str], None]) -> FactorScorer:
        """Alternate between users and items, and keep the items."""
        core = _solver()
        usual = interactions.nnz / interactions.shape[0] + self.unobserved_weight * interactions.shape[1]
        objective = Objective(
            regularization=self.ridge / usual**self.frequency_exponent,
            frequency_exponent=self.frequency_exponent,
            unobserved_weight=self.unobserved_weight,
            alpha=self.alpha,
            confidence=Confidence.ADDS,
        )
        model = (
            core.IALSModelConfigBuilder()
            .set_K(self.n_factors)
            .set_reg(objective.regularization)
            .set_nu(self.frequency_exponent)
            .set_alpha0(self.unobserved_weight)
            .set_init_stdev(self.init_std)
            .set_random_seed(self.seed)
            .set_loss_type(core.LossType.IALSPP)
            .build()
        )
        solver = (
            core.IALSSolverConfigBuilder()
            .set_n_threads(os.cpu_count() or 1)
            .set_solver_type(core.SolverType.IALSPP)
            .set_ialspp_subspace_dimension(min(self.block_size, self.n_factors))
            .set_ialspp_iteration(1)
            .build()
        )
        trainer = core.IALSTrainer(model, (interactions * self.alpha).astype(np.float32))
        for sweep in range(self.n_sweeps):
            progress(f"iALS sweep {sweep + 1} of {self.n_sweeps}")
            trainer.step(solver)
        return FactorScorer(rotate(trainer.item, objective))


@cache
def _solver() -> Any:
    # `import irspack` takes 5 s for optuna and pandas, and warns of deprecations: the solver needs neither.
    # Loaded twice it aborts the process; under its own name in sys.modules, the next import finds it.
    if _SOLVER in sys.modules:
        return sys.modules[_SOLVER]
    package = find_spec("irspack")
    for folder in (package and package.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            path = Path(folder, "recommenders", f"_ials_core{suffix}")
            if path.exists() and (spec := spec_from_file_location(_SOLVER, path)) and spec.loader:
                with importing("irspack"):
                    module = module_from_spec(spec)
                    spec.loader.exec_module(module)
                sys.modules[_SOLVER] = module
                return module
    raise ConfigError("irspack", "its solver is not installed: pip install 'segue[training]'")


KINDS = {
    "ials": AlgorithmKind(
        IalsRecommender,
        70,
        {
            "n_factors": Choice((128, 256, 512, 1024)),
            "ridge": Range(0.5, 50, log=True),
            "unobserved_weight": Range(0.003, 0.3, log=True),
            "n_sweeps": Choice((4, 8, 16)),
        },
        # A coarse grid at few dimensions, whose best is rarely far from the best at many.
        starts=tuple(
            {"n_factors": 128, "ridge": ridge, "unobserved_weight": weight}
            for ridge in (2.0, 8.0)
            for weight in (0.02, 0.1)
        ),
        member="factors",
        usual={"n_factors": 64},
        # The weight of a track that was not played depends on the data most: 0.02 is best on Gowalla's
        # check-ins, 0.5 on the sample store's listeners.
        quick=tuple({"ridge": 8.0, "unobserved_weight": weight} for weight in (0.02, 0.1, 0.5)),
        fixed=("n_factors", "seed"),
    )
}
