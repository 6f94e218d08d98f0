"""``segue recommend``, ``similar`` and ``explain``: what the functions answer, at the prompt."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from segue.cli.options import ARTIFACTS, Artifacts, Json, State
from segue.serving.settings.environment import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.embedded import EmbeddedRecommender
    from segue.serving.recommend.contract import RecommendedTrack
    from segue.serving.similar.contract import AskedTrack, SimilarTrack

T = TypeVar("T", bound="RecommendedTrack")
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many tracks.")]


def recommend(  # noqa: PLR0913 - one parameter an option
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    *,
    limit: Limit = 10,
    mood: Annotated[str | None, typer.Option(help="energetic, chill, happy, melancholic, party …")] = None,
    genre: Annotated[str | None, typer.Option(help="A genre of the catalogue, or a broad one.")] = None,
    seed: Annotated[list[str], typer.Option(help="More like this track; may be given again.")] = [],  # noqa: B006
    diversity: Annotated[float | None, typer.Option(help="0 the best alone … 1 most unlike.")] = None,
    friend: Annotated[list[str], typer.Option(help="A user whose likes count too; again for more.")] = [],  # noqa: B006
    exclude: Annotated[list[str], typer.Option(help="Never this track; may be given again.")] = [],  # noqa: B006
    time_of_day: Annotated[str | None, typer.Option(help="morning, afternoon, evening or night.")] = None,
    day: Annotated[str | None, typer.Option(help="workday or weekend.")] = None,
    activity: Annotated[str | None, typer.Option(help="commute, work, study, workout, party …")] = None,
    weather: Annotated[str | None, typer.Option(help="sunny, cloudy, rainy, stormy or snowy.")] = None,
    tier: Annotated[
        str | None, typer.Option(envvar="SEGUE_DEFAULT_TIER", help="free, starter, pro or enterprise.")
    ] = None,
    artifacts: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Recommend tracks to a listener, and say why."""
    context = {"time_of_day": time_of_day, "day": day, "activity": activity, "weather": weather}
    found = _open(artifacts, state).recommend(
        user,
        limit=limit,
        mood=mood,
        genre=genre,
        seed_tracks=seed,
        diversity=diversity,
        friends=friend,
        exclude=exclude,
        context=context if any(context.values()) else None,
        model_tier=tier,
    )
    if as_json:
        _print_json(found.model_dump_json(exclude_none=True))
        return
    print_tracks(found.items, f"for {user}, by {found.answered_by}: {found.because}", reasons_of)


def similar(  # noqa: PLR0913 - one parameter an option
    tracks: Annotated[list[str], typer.Argument(help="One track id or several.")],
    *,
    limit: Limit = 10,
    model: Annotated[str | None, typer.Option(help="hybrid, collaborative, content or clusters.")] = None,
    variant: Annotated[
        str | None,
        typer.Option(help="Of the clusters, as naive_features; with --model clusters alone the live one."),
    ] = None,
    diversity: Annotated[float, typer.Option(help="0 the best alone … 1 most unlike.")] = 0.0,
    artifacts: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Find tracks like one or several, and say what makes them alike."""
    found = _open(artifacts, "").similar(
        tracks, limit=limit, model=model, variant=variant, diversity=diversity
    )
    if as_json:
        _print_json(found.model_dump_json(exclude_none=True))
        return
    if found.because:
        typer.echo(f"Note: {found.because}.", err=True)
    by = f"{found.model} ({found.variant})" if found.variant else found.model
    for asked in found.asked or []:
        typer.echo(f"{asked.track_id} lies in {_cluster(asked)}.")
    print_tracks(
        found.items,
        f"like {', '.join(tracks)}, by {by}",
        _likeness,
        {"distance": _distance, "same cluster": _in_cluster} if found.variant else {},
    )


def explain(
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    track: Annotated[str, typer.Argument(help="The track's id.")],
    *,
    artifacts: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Say what a track's score is for a listener, and what it is made of."""
    found = _open(artifacts, state).explain(user, track)
    if as_json:
        _print_json(found.model_dump_json(exclude_none=True))
        return
    print_tracks([found], f"why {track} for {user}", reasons_of)


def _open(artifacts: str, state: str) -> EmbeddedRecommender:
    from segue.embedded import open_recommender  # half a second to import: after the options are valid

    return open_recommender(artifacts, state=state)


def _print_json(text: str) -> None:
    Console(soft_wrap=True).print_json(text)


def print_tracks(
    items: Sequence[T],
    title: str,
    tell: Callable[[T], list[str]],
    more: Mapping[str, Callable[[T], str]] = MappingProxyType({}),
) -> None:
    """Print tracks as a table; ``tell`` gives the lines of the last column, ``more`` further ones."""
    # Text, as names are never markup.
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("track", no_wrap=True)
    table.add_column("name")
    table.add_column("score", justify="right")
    for heading in more:
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for item in items:
        why = "\n".join(tell(item))
        name = f"{item.name}\n{', '.join(item.artists)}"
        others = (say(item) for say in more.values())
        table.add_row(Text(item.track_id), Text(name), f"{item.score:.3f}", *others, Text(why))
    Console(highlight=False).print(table)


def reasons_of(item: RecommendedTrack) -> list[str]:
    """Return the reasons of a track, one a line, but for those that are 0 as they are printed."""
    shown = [(f"{reason.contribution:+.3f}", reason.because) for reason in item.reasons or []]
    return [f"{number} {because}" for number, because in shown if float(number) != 0]


def _cluster(asked: AskedTrack) -> str:
    placed = ", where its features place it" if asked.placed else ""
    if asked.cluster is None:
        return f"no cluster{placed}"
    return f"cluster {asked.cluster}, {asked.title}, with strength {asked.strength:.2f}{placed}"


def _distance(item: SimilarTrack) -> str:
    return "" if item.distance is None else f"{item.distance:.3f}"


def _in_cluster(item: SimilarTrack) -> str:
    return "yes" if item.same_cluster else "no"


def _likeness(item: SimilarTrack) -> list[str]:
    near = [
        f"{shared.share:.0%} {shared.name}: {shared.value:.4g}, like {shared.asked_value:.4g}"
        for shared in item.features or []
    ]
    return reasons_of(item) + near
