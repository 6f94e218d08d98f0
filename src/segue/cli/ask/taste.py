"""``segue taste``: a listener's taste profile, on the command line or as a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from segue.cli.options import ARTIFACTS, Artifacts, Json, State
from segue.cli.writing import writing_to
from segue.domain.taste.insight.music import SOUNDS
from segue.domain.taste.insight.sentence import deviations, friend, percent, whole_percent
from segue.errors import InvalidInputError
from segue.serving.settings.environment import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from segue.serving.taste.contract import TasteProfile
    from segue.serving.taste.part_contract import PatternsOut

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = "·░▒▓█"
_BAR = 24
_LONGEST = 40
_N_GENRES = 8


def taste(  # noqa: PLR0913 - one parameter per option
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    file: Annotated[
        Path | None, typer.Argument(help="File of the page for --html. [default: taste-USER.html]")
    ] = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="Write a page with charts.")] = False,
    track: Annotated[list[str], typer.Option(help="A track that counts as liked; repeatable.")] = [],  # noqa: B006
    artist: Annotated[list[str], typer.Option(help="An artist that counts as liked; repeatable.")] = [],  # noqa: B006
    friend: Annotated[list[str], typer.Option(help="A user to compare with; repeatable.")] = [],  # noqa: B006
    utc_offset_minutes: Annotated[int, typer.Option(help="The listener's clock minus UTC.")] = 0,
    artifacts: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Profile a listener's taste in numbers and sentences, and in charts with --html."""
    if file is not None and not html:
        raise InvalidInputError(f"{file} is written only with --html: add this option.")
    from segue.embedded import open_recommender  # takes half a second: import it after option errors

    known: dict[str, Any] = {
        "tracks": track,
        "artists": artist,
        "friends": friend,
        "utc_offset_minutes": utc_offset_minutes,
    }
    segue = open_recommender(artifacts, state=state)
    if html:
        name = re.sub(r"[^\w-]", "_", user)
        path = file or Path(f"taste-{name}.html")
        page = segue.taste_page(user, **known)
        with writing_to(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page, encoding="utf-8")
        if not as_json:
            Console(soft_wrap=True, highlight=False).print(Text(f"{path}: the taste profile of {user}."))
            return
    profile = segue.taste(user, **known)
    if as_json:
        Console(soft_wrap=True).print_json(profile.model_dump_json())
        return
    Console(highlight=False).print(*_lines(profile), sep="\n")


def _lines(profile: TasteProfile) -> Iterator[RenderableType]:
    support = profile.support
    yield Text(f"Taste profile of {profile.user_id}", "bold")
    yield Text(f"{support.events} events, {support.tracks} tracks, {support.hours:.0f} hours", "dim")
    if profile.events_since:
        yield Text(f"the latest of a longer history, since {profile.events_since:%Y-%m-%d}", "dim")
    yield Text("")
    yield from (Text(f"• {each.text}") for each in profile.insights)
    yield Text("")
    yield from _shares(profile)
    if profile.patterns:
        yield _heat(profile.patterns)
    yield from _words(profile)
    for name, why in profile.left_out.items():
        yield Text(f"{name}: not yet, {why.reason}.", "dim")
    unknown = (*profile.unknown_tracks, *profile.unknown_artists, *profile.unknown_stored_tracks)
    if unknown:
        yield Text(f"not in the catalogue: {', '.join(unknown)}", "yellow")


def _shares(profile: TasteProfile) -> Iterator[Table]:
    if profile.tastes:
        yield _table("tastes", ((each.title, each.weight) for each in profile.tastes.tastes))
    if profile.genres:
        shown = ((each.name, each.share) for each in profile.genres.shares[:_N_GENRES])
        yield _table(
            f"genres, as varied as {profile.genres.effective_genres:.1f} played equally often", shown
        )
    if profile.audio:
        features = ((SOUNDS[each.feature].name, each.percentile / 100) for each in profile.audio.features)
        yield _table("sound: % of the catalogue with a lower value", features, "")
    if profile.eras:
        yield _table("decades", ((f"{each.decade}s", each.share) for each in profile.eras.decades))


def _words(profile: TasteProfile) -> Iterator[Text]:
    if profile.moods:
        words = ", ".join(f"{each.mood} {deviations(each.difference)}" for each in profile.moods.moods)
        yield Text(
            f"moods, relative to the average track (0; two thirds of tracks are between −1 and +1): {words}"
        )
    if profile.mainstream:
        yield Text(f"mainstream: {profile.mainstream.meaning}")
    if profile.drift:
        whole = profile.drift.whole
        yield Text(
            f"drift: the genres of the first and the last of {len(profile.drift.windows)} parts differ by "
            f"{percent(whole.divergence_bits)}, {percent(whole.by_chance_bits)} is usual by chance"
        )
    if profile.friends:
        words = ", ".join(
            f"{friend(each.user_id)} {percent(each.similarity)}" for each in profile.friends.nearest
        )
        yield Text(f"friends nearest in taste, 100 % is the same taste: {words}")


def _table(title: str, rows: Iterable[tuple[str, float]], sign: str = " %") -> Table:
    # Text objects, because rich would read markup in names.
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(overflow="ellipsis", no_wrap=True, max_width=_LONGEST)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(width=_BAR, no_wrap=True)
    for name, share in rows:
        table.add_row(Text(name), f"{whole_percent(share)}{sign}", Text("█" * round(_BAR * share), "blue"))
    return table


def _heat(patterns: PatternsOut) -> Group:
    most = max(max(row) for row in patterns.heat) or 1
    lines = [Text("plays and skips by hour"), Text("    " + "".join(f"{hour:<6}" for hour in (0, 6, 12, 18)))]
    for name, row in zip(_WEEKDAYS, patterns.heat, strict=True):
        shades = (_SHADES[0 if not count else 1 + min(int(4 * (count / most) ** 0.5), 3)] for count in row)
        lines.append(Text(f"{name} {''.join(shades)}"))
    sessions = patterns.sessions
    heard_before = ""
    if patterns.repeat_share is not None and patterns.discovery_rate is not None:
        heard_before = (
            f", {percent(patterns.repeat_share)} repeats, {percent(patterns.discovery_rate)} discoveries"
        )
    lines.append(
        Text(
            f"{sessions.count} sessions, half of them {sessions.median_minutes:.0f} minutes or more; "
            f"{percent(patterns.skip_share)} skipped{heard_before}\n"
        )
    )
    return Group(*lines)
