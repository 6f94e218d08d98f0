"""``segue taste``: a listener's taste profile, at the prompt or as a page."""

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


def taste(  # noqa: PLR0913 - one parameter an option
    user: Annotated[str, typer.Argument(help="The listener's id.")],
    file: Annotated[
        Path | None, typer.Argument(help="Where --html writes the page; taste-USER.html unless given.")
    ] = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="Write a page with pictures.")] = False,
    track: Annotated[list[str], typer.Option(help="Likes this track too; again for more.")] = [],  # noqa: B006
    artist: Annotated[list[str], typer.Option(help="Likes this artist too; again for more.")] = [],  # noqa: B006
    friend: Annotated[list[str], typer.Option(help="A user to compare with; again for more.")] = [],  # noqa: B006
    utc_offset_minutes: Annotated[int, typer.Option(help="The listener's clock less UTC.")] = 0,
    artifacts: Artifacts = ARTIFACTS,
    state: State = DEFAULT_STATE,
    as_json: Json = False,
) -> None:
    """Profile a listener's taste in numbers and sentences, and with --html in pictures."""
    if file is not None and not html:
        raise InvalidInputError(f"{file} is written with --html only: add it.")
    from segue.embedded import open_recommender  # half a second to import: after the options are valid

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
    found = segue.taste(user, **known)
    if as_json:
        Console(soft_wrap=True).print_json(found.model_dump_json())
        return
    Console(highlight=False).print(*_told(found), sep="\n")


def _told(found: TasteProfile) -> Iterator[RenderableType]:
    support = found.support
    yield Text(f"Taste profile of {found.user_id}", "bold")
    yield Text(f"{support.events} events, {support.tracks} tracks, {support.hours:.0f} hours", "dim")
    if found.events_since:
        yield Text(f"the latest of a longer history, since {found.events_since:%Y-%m-%d}", "dim")
    yield Text("")
    yield from (Text(f"• {each.text}") for each in found.insights)
    yield Text("")
    yield from _shares(found)
    if found.patterns:
        yield _heat(found.patterns)
    yield from _words(found)
    for name, why in found.left_out.items():
        yield Text(f"{name}: not yet, {why.reason}.", "dim")
    unknown = (*found.unknown_tracks, *found.unknown_artists, *found.unknown_stored_tracks)
    if unknown:
        yield Text(f"not in the catalogue: {', '.join(unknown)}", "yellow")


def _shares(found: TasteProfile) -> Iterator[Table]:
    if found.tastes:
        yield _table("tastes", ((each.title, each.weight) for each in found.tastes.tastes))
    if found.genres:
        shown = ((each.name, each.share) for each in found.genres.shares[:_N_GENRES])
        yield _table(f"genres, as varied as {found.genres.effective_genres:.1f} played equally often", shown)
    if found.audio:
        features = ((SOUNDS[each.feature].name, each.percentile / 100) for each in found.audio.features)
        yield _table("sound: % of the catalogue with less of it", features, "")
    if found.eras:
        yield _table("decades", ((f"{each.decade}s", each.share) for each in found.eras.decades))


def _words(found: TasteProfile) -> Iterator[Text]:
    if found.moods:
        words = ", ".join(f"{each.mood} {deviations(each.difference)}" for each in found.moods.moods)
        yield Text(f"moods, beside the average track (0; two of three lie between −1 and +1): {words}")
    if found.mainstream:
        yield Text(f"mainstream: {found.mainstream.meaning}")
    if found.drift:
        whole = found.drift.whole
        yield Text(
            f"drift: the genres of the first and the last of {len(found.drift.windows)} parts differ by "
            f"{percent(whole.divergence_bits)}, {percent(whole.by_chance_bits)} is usual by chance"
        )
    if found.friends:
        words = ", ".join(
            f"{friend(each.user_id)} {percent(each.similarity)}" for each in found.friends.nearest
        )
        yield Text(f"friends nearest in taste, 100 % is the same taste: {words}")


def _table(title: str, rows: Iterable[tuple[str, float]], sign: str = " %") -> Table:
    # Text, as names are never markup.
    table = Table(title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(overflow="ellipsis", no_wrap=True, max_width=_LONGEST)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(width=_BAR, no_wrap=True)
    for name, share in rows:
        table.add_row(Text(name), f"{whole_percent(share)}{sign}", Text("█" * round(_BAR * share), "blue"))
    return table


def _heat(found: PatternsOut) -> Group:
    most = max(max(row) for row in found.heat) or 1
    lines = [Text("plays and skips by hour"), Text("    " + "".join(f"{hour:<6}" for hour in (0, 6, 12, 18)))]
    for name, row in zip(_WEEKDAYS, found.heat, strict=True):
        shades = (_SHADES[0 if not count else 1 + min(int(4 * (count / most) ** 0.5), 3)] for count in row)
        lines.append(Text(f"{name} {''.join(shades)}"))
    sessions = found.sessions
    heard_before = ""
    if found.repeat_share is not None and found.discovery_rate is not None:
        heard_before = f", {percent(found.repeat_share)} repeats, {percent(found.discovery_rate)} discoveries"
    lines.append(
        Text(
            f"{sessions.count} sessions, half of {sessions.median_minutes:.0f} minutes or more; "
            f"{percent(found.skip_share)} skipped{heard_before}\n"
        )
    )
    return Group(*lines)
