"""``segue recommend``, ``similar`` and ``explain``: the functions' answers on the command line."""

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


def recommend(  # noqa: PLR0913 - one parameter per option
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    *,
    limit: Limit = 10,
    mood: Annotated[str | None, typer.Option(help="energetic, chill, happy, melancholic, party …")] = None,
    genre: Annotated[str | None, typer.Option(help="A genre of the catalogue, or a broad one.")] = None,
    seed: Annotated[list[str], typer.Option(help="Find more like this track; repeatable.")] = [],  # noqa: B006
    diversity: Annotated[
        float | None, typer.Option(help="From 0, the best tracks, to 1, the most varied.")
    ] = None,
    friend: Annotated[list[str], typer.Option(help="A user whose likes count too; repeatable.")] = [],  # noqa: B006
    exclude: Annotated[list[str], typer.Option(help="Never return this track; repeatable.")] = [],  # noqa: B006
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
    answer = _open(artifacts, state).recommend(
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
        _print_json(answer.model_dump_json(exclude_none=True))
        return
    print_tracks(answer.items, f"for {user}, by {answer.answered_by}: {answer.because}", reasons_of)


def similar(  # noqa: PLR0913 - one parameter per option
    tracks: Annotated[list[str], typer.Argument(help="One track id or several.")],
    *,
    limit: Limit = 10,
    model: Annotated[str | None, typer.Option(help="hybrid, collaborative, content or clusters.")] = None,
    variant: Annotated[
        str | None,
        typer.Option(help="Variant of --model clusters, such as naive_features. [default: the live one]"),
    ] = None,
    diversity: Annotated[float, typer.Option(help="From 0, the best tracks, to 1, the most varied.")] = 0.0,
    artifacts: Artifacts = ARTIFACTS,
    as_json: Json = False,
) -> None:
    """Find tracks similar to one or several, and say what makes them similar."""
    answer = _open(artifacts, "").similar(
        tracks, limit=limit, model=model, variant=variant, diversity=diversity
    )
    if as_json:
        _print_json(answer.model_dump_json(exclude_none=True))
        return
    if answer.because:
        typer.echo(f"Note: {answer.because}.", err=True)
    by = f"{answer.model} ({answer.variant})" if answer.variant else answer.model
    for asked in answer.asked or []:
        typer.echo(f"{asked.track_id} is in {_cluster(asked)}.")
    print_tracks(
        answer.items,
        f"like {', '.join(tracks)}, by {by}",
        _likeness,
        {"distance": _distance, "same cluster": _in_cluster} if answer.variant else {},
    )


def explain(
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    track: Annotated[str, typer.Argument(help="The track's id.")],
    *,
    artifacts: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Show the score of a track for a listener, and the reasons for it."""
    answer = _open(artifacts, state).explain(user, track)
    if as_json:
        _print_json(answer.model_dump_json(exclude_none=True))
        return
    print_tracks([answer], f"why {track} for {user}", reasons_of)


def _open(artifacts: str, state: str) -> EmbeddedRecommender:
    from segue.embedded import open_recommender  # takes half a second: import it after option errors

    return open_recommender(artifacts, state=state)


def _print_json(text: str) -> None:
    Console(soft_wrap=True).print_json(text)


def print_tracks(
    items: Sequence[T],
    title: str,
    reasons: Callable[[T], list[str]],
    more: Mapping[str, Callable[[T], str]] = MappingProxyType({}),
) -> None:
    """Print tracks as a table; ``reasons`` gives the lines of the last column, ``more`` further columns."""
    # Text objects, because rich would read markup in names.
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("track", no_wrap=True)
    table.add_column("name")
    table.add_column("score", justify="right")
    for heading in more:
        table.add_column(heading, justify="right")
    table.add_column("why", overflow="fold")
    for item in items:
        why = "\n".join(reasons(item))
        name = f"{item.name}\n{', '.join(item.artists)}"
        others = (cell(item) for cell in more.values())
        table.add_row(Text(item.track_id), Text(name), f"{item.score:.3f}", *others, Text(why))
    Console(highlight=False).print(table)


def reasons_of(item: RecommendedTrack) -> list[str]:
    """Return the reasons of a track, one per line, without those that would be printed as 0."""
    shown = [(f"{reason.contribution:+.3f}", reason.because) for reason in item.reasons or []]
    return [f"{number} {because}" for number, because in shown if float(number) != 0]


def _cluster(asked: AskedTrack) -> str:
    placed = ", chosen by its features" if asked.placed else ""
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
