"""``segue try``: shows the answers of the trained models for a few listeners of the data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console

from segue.artifacts.family import GENRE_PREFERENCE
from segue.cli.ask.recommend import print_tracks, reasons_of
from segue.cli.options import ARTIFACTS, Artifacts, Data
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.errors import (
    AliasNotFoundError,
    CustomerNotFoundError,
    InvalidInputError,
    SourceError,
    TableMissingError,
)
from segue.serving.settings.environment import find_store

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.interactions import Interactions

_N_LISTENERS, _N_REASONS = 3, 2


def try_models(
    *,
    data: Data = "",
    location: Artifacts = ARTIFACTS,
    user: Annotated[
        list[str] | None,
        typer.Option(help="A listener of the data; repeatable. [default: one busy, one usual, one quiet]"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many tracks.")] = 3,
) -> None:
    """Ask the trained models for a few listeners of the data, and print the answers with reasons."""
    from segue.embedded import open_recommender  # takes half a second: import it after option errors
    from segue.sources.dataset.history import to_events
    from segue.state.listening import RECENT
    from segue.state.location import open_state
    from training.hybrid.data.event_source import read_events_at
    from training.hybrid.data.split import take

    data = find_store(data, location)
    console = Console(soft_wrap=True, highlight=False)
    with console.status("reading events"):
        interactions, _ = read_events_at(data)
    rows = _chosen(interactions, user or [])
    with tempfile.TemporaryDirectory() as folder:
        state = f"{folder}/state.sqlite"
        theirs = take(interactions, np.isin(interactions.user_index, rows))
        open_state(state).record(list(to_events(theirs, RECENT)))
        segue = open_recommender(location, state=state)
        heard = theirs.items.item_id[np.unique(theirs.item_index)].tolist()
        console.print(_compared(heard, data, segue.catalogue), markup=False)
        for row in rows:
            listener = str(interactions.users.item_id[row])
            n_events = int(np.count_nonzero(interactions.user_index == row))
            answer = segue.recommend(listener, n=limit, max_reasons=_N_REASONS)
            title = f"listener {listener}, {n_events} events, by {answer.answered_by}: {answer.because}"
            print_tracks(answer.items, title, reasons_of)
            if answer.items:
                best = answer.items[0]
                near = segue.similar(best.track_id, n=limit, max_reasons=_N_REASONS)
                print_tracks(near.items, f"like {best.name}, by {near.model}", reasons_of)
            console.print(f"genre preference of {listener}: {_genre(location, data, listener)}", markup=False)


def _chosen(interactions: Interactions, asked: list[str]) -> list[int]:
    """Return the rows of the named listeners, else of listeners with many, average and few events."""
    if not len(interactions):
        raise TableMissingError("--data holds no events of listeners: name other data.")
    if asked:
        rows = interactions.users.index_of(asked).tolist()
        if unknown := [name for name, row in zip(asked, rows, strict=True) if row < 0]:
            raise InvalidInputError(f"--user: the data has no events of {', '.join(unknown)}: check the id.")
        return [int(row) for row in rows]
    counts = np.bincount(interactions.user_index, minlength=len(interactions.users))
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    places = np.linspace(0, len(order) - 1, min(_N_LISTENERS, len(order))).astype(np.int64)
    return [int(row) for row in order[places]]


def _compared(heard: list[str], data: str, live: Catalogue) -> str:
    """Return how many of the listeners' tracks the live catalogue knows; raise InvalidInputError for none.

    Two stores may use the same id for different tracks, so both the id and the name must match.
    """
    rows = live.vocabulary.index_of(heard)
    known = rows != UNKNOWN_ITEM
    if (own := _catalogue_of(data)) is not None:
        named = own.vocabulary.index_of(heard)
        for place in np.flatnonzero(known & (named != UNKNOWN_ITEM)):
            known[place] = own.name[int(named[place])] == live.name[int(rows[place])]
    if not known.any():
        raise InvalidInputError(
            f"the live catalogue knows none of the {len(heard)} tracks of these listeners: the models were "
            "trained on another store. Give that store as --data, or train on this one: `segue train all`."
        )
    return (
        f"The live catalogue knows {np.count_nonzero(known)} of the {len(heard)} tracks of these listeners."
    )


def _catalogue_of(data: str) -> Catalogue | None:
    from segue.sources.dataset import read_catalogue

    try:
        return read_catalogue(data)[0]
    except SourceError:  # the data has only events, like a lake: compare ids only
        return None


def _genre(location: str, data: str, customer: str) -> str:
    """Return the genre on which a customer will spend most next, or why it is unknown."""
    from segue.artifacts.cache import fetch
    from segue.artifacts.codec.genre_preference import load_genre_preference
    from segue.artifacts.place.location import open_store
    from segue.artifacts.release import read_manifest, resolve
    from segue.backends.onnx import OnnxClassifier
    from segue.domain.genre_preference.preference import predict_genre
    from segue.sources.dataset.location import is_database
    from segue.sources.store import open_store as open_shop

    if not (is_database(data) and customer.isdecimal()):
        return "not a customer of a store"
    store = open_store(location, setting="--artifacts")
    try:
        with open_shop(data) as shop:
            purchases = shop.read_purchases(int(customer))
        live = resolve(store, GENRE_PREFERENCE).alias.target
    except (AliasNotFoundError, CustomerNotFoundError, TableMissingError) as error:
        return str(error)
    with tempfile.TemporaryDirectory() as cache:
        folder = fetch(store, read_manifest(store, GENRE_PREFERENCE, live.version), Path(cache))
        answer = predict_genre(load_genre_preference(folder, OnnxClassifier), purchases)
    return f"{answer.genre}, by {answer.answered_by} ({answer.because})"
