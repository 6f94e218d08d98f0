"""Cleans the cells of columns, and records every change in the account."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.catalogue.external_id import MISSING, SPOTIFY_TRACK, WHOLE_NUMBER, id_fault
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.reader import LIST_MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.sources.dataset.account import Tally

_COMMA_NAMES = {"Folk, World, & Country": "Folk\0 World\0 & Country"}
"""Genres with commas in their names, such as one of Discogs."""

_COMMA_NUMBER = r"-?\d*,\d+(?:[eE][+-]?\d+)?"
_THOUSANDS = r"-?[1-9]\d{0,2},\d{3}"
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"

# UTF-8 that was decoded as Windows-1252: a lead byte, then continuation bytes.
_CONTINUATION = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_MOJIBAKE = f"[\u00c2-\u00f4][{re.escape(_CONTINUATION)}\u0080-\u009f]"


def as_text(column: pd.Series) -> pd.Series:
    """Return the cells as text without blanks around them; missing cells are empty."""
    if pd.api.types.is_float_dtype(column):
        whole = column.notna() & (column % 1 == 0) & (column.abs() < 2**53)
        text = column.astype("str").where(~whole, column.where(whole, 0).astype("int64").astype("str"))
        return text.where(column.notna(), "")
    return column.astype("str").fillna("").str.strip()


def is_missing(text: pd.Series) -> pd.Series:
    """Return which cells are empty or hold a word for a missing value."""
    return text.str.lower().isin(MISSING)


def to_numbers(text: pd.Series) -> NDArray[np.float64]:
    """Return the numbers in cells of text, float64, NaN for other text; three times as fast as pandas.

    ``50%`` is 50. ``0,87`` is 0.87 if no cell of the column has a decimal point and not all cells with a
    comma could be thousands such as ``217,000``.
    """
    is_number = text.str.fullmatch(_NUMBER).to_numpy(bool)
    if not is_number.all():
        text = text.str.replace(r"(?<=[\d.,])\s*%$", "", regex=True)
        commas = text[text.str.fullmatch(_COMMA_NUMBER)]
        points = text.str.contains(".", regex=False) & text.str.fullmatch(_NUMBER)
        if len(commas) and not points.any() and not commas.str.fullmatch(_THOUSANDS).all():
            text = text.where(~text.index.isin(commas.index), text.str.replace(",", ".", regex=False))
        is_number = text.str.fullmatch(_NUMBER).to_numpy(bool)
    number = np.full(len(text), np.nan)
    number[is_number] = pa.array(text[is_number], pa.string()).cast(pa.float64()).to_numpy()
    return number


def plain_numbers(column: pd.Series) -> NDArray[np.float64] | None:
    """Return the numbers of a column, NaN for empty cells; None if any other cell is not a number.

    It tests the whole column at once and is faster than `to_numbers`: tables may have thousands of columns.
    """
    if pd.api.types.is_float_dtype(column) or pd.api.types.is_integer_dtype(column):
        number = column.to_numpy(np.float64)
    elif isinstance(column.dtype, pd.StringDtype):
        text = pa.array(column, pa.large_string())
        if text.null_count or not pc.all(pc.match_substring_regex(text, f"^(?:{_NUMBER})?$")).as_py():
            return None
        known = pc.if_else(pc.equal(text, ""), None, text)
        number = known.cast(pa.float64()).to_numpy(zero_copy_only=False)
    else:
        return None
    return None if np.isinf(number).any() else number


def plain_ids(text: pd.Series) -> pd.Series:
    """Return ids as `read_id` does: ``3.0`` becomes ``3``, and the URI of a Spotify track becomes its id."""
    for form in (WHOLE_NUMBER, SPOTIFY_TRACK):
        written = text.str.fullmatch(form.pattern).fillna(False).astype(bool)
        if written.any():
            text = text.where(~written, text[written].str.replace(form.pattern, r"\1", regex=True))
    return text


def clean_ids(column: pd.Series, tally: Tally) -> pd.Series:
    """Return ids as text, without the rows that have no valid id."""
    text = plain_ids(as_text(column))
    missing = is_missing(text)
    listed = text.str.contains(LIST_MARK, regex=False)
    place, distinct = pd.factorize(text)
    fault = pd.Series(np.array([id_fault(each) for each in distinct], object)[place], text.index)
    fault = fault.mask(missing, "no id").mask(listed, "a list of ids, not one")
    for why in fault[fault != ""].unique():
        reason = why if why.startswith(("no ", "a ")) else f"an id {why}"
        tally.add(Effect.DROPPED, column.name, reason, text[fault == why])
    return text[fault == ""]


def clean_text(column: pd.Series, tally: Tally, keep: pd.Series | None = None) -> pd.Series:
    """Return text with repaired encoding and single blanks, empty if missing.

    Parameters
    ----------
    keep
        Rows in which a word for a missing value is kept as text, such as titles of known artists.
    """
    text = _repaired(as_text(column), tally, column.name)
    missing = is_missing(text)
    if keep is not None:
        kept = missing & keep & (text != "")
        tally.add(Effect.KEPT, column.name, "reads like a missing title, but the artist is known", text[kept])
        missing &= ~kept
    _report_missing(text, missing, tally, column.name)
    text = text.where(~missing, "")
    wide = text.str.contains("  |[\t-\r\xa0]", regex=True)  # replacing is slow, and few cells need it
    return text.where(~wide, text[wide].str.replace(r"\s+", " ", regex=True)) if wide.any() else text


def clean_labels(
    column: pd.Series, tally: Tally, *, commas: bool = False
) -> tuple[NDArray[np.int64], list[tuple[str, ...]]]:
    """Split cells with several names, as `split_names` does.

    Returns
    -------
    (int64 (n_rows,), list of tuple of str)
        The place of each row in the list of distinct cells, and the names in each distinct cell.
    """
    text = _repaired(as_text(column), tally, column.name)
    place, distinct = pd.factorize(text)
    names = [split_names(cell, commas=commas) for cell in distinct]
    nothing = np.array([not each for each in names], bool)
    _report_missing(text, pd.Series(nothing[place], text.index), tally, column.name)
    return place.astype(np.int64), names


def split_names(cell: str, *, commas: bool = False) -> tuple[str, ...]:
    """Return the names in a cell, without repeats and words for a missing value.

    Parameters
    ----------
    cell
        One name, or several as a Parquet list, ``A;B``, ``A|B``, ``['A', 'B']`` or ``['A' 'B']``.
    commas
        Whether commas also separate names, and ``[A, B]`` is a list. This is so for genres but not for
        artists: ``Tyler, The Creator`` and ``[Alexandros]`` are names.
    """
    clean = (re.sub(r"\s+", " ", part.strip()) for part in _parts(cell, commas=commas))
    return tuple(dict.fromkeys(part for part in clean if part.lower() not in MISSING))


def _parts(cell: str, *, commas: bool) -> list[str]:
    if cell.startswith(LIST_MARK):
        return cell[1:].split(LIST_MARK)
    if re.match(r"\[\s*(['\"].*)?\]$", cell, re.DOTALL):
        try:
            return [str(part) for part in ast.literal_eval(re.sub(r"(['\"])\s+(['\"])", r"\1, \2", cell))]
        except (ValueError, SyntaxError):
            return [cell]
    if not commas:
        return re.split(r"[;|]", cell)
    signs = " \"'" if re.match(r"\[.*\]$|\{.*\}$", cell) else " "
    text = cell[1:-1] if signs != " " else cell
    for name, kept in _COMMA_NAMES.items():
        text = text.replace(name, kept)
    return [part.replace("\0", ",").strip(signs) for part in re.split(r"[;|,]", text)]


def clean_numbers(
    column: pd.Series,
    tally: Tally,
    low: float,
    high: float,
    *,
    names: Mapping[str, float] | None = None,
    open_low: bool = False,
) -> pd.Series:
    """Return float64, NaN if a cell is missing, not a number, or outside [low, high].

    Parameters
    ----------
    names
        The numbers that words mean, in lower case.
    open_low
        Whether ``low`` itself is outside: no track lasts 0 seconds.
    """
    plain = plain_numbers(column)
    if plain is not None and not ((plain <= low if open_low else plain < low) | (plain > high)).any():
        tally.add(Effect.EMPTY, column.name, "no value", column[np.isnan(plain)])
        return pd.Series(plain, column.index, name=column.name)
    if pd.api.types.is_datetime64_any_dtype(column):
        tally.add(Effect.BLANKED, column.name, "is a time, not a number", column.dropna())
        return pd.Series(np.nan, column.index)
    if pd.api.types.is_numeric_dtype(column):
        number = column.astype(np.float64)
        _report_missing(number, number.isna(), tally, column.name)
    else:
        text = as_text(column)
        missing = is_missing(text) & ((text.str.len() == 0) | ~text.str.match(r"-?\d"))
        _report_missing(text, missing, tally, column.name)
        number = pd.Series(to_numbers(text), text.index, name=column.name)
        spelled = number.notna() & text.str.contains("[,%]", regex=True)
        tally.add(Effect.CHANGED, column.name, "has a decimal comma or a percent sign", text[spelled])
        if names:
            number = number.where(number.notna(), text.str.lower().map(dict(names)))
        tally.add(Effect.BLANKED, column.name, "is not a number", text[number.isna() & ~missing])
    wrong = (number < low) | (number > high) | np.isinf(number) | (open_low & (number == low))
    marked = wrong & (number == -1)
    tally.add(Effect.BLANKED, column.name, "-1 stands for missing", column[marked])
    outside = f"{f'{low:g}, or ' if open_low else ''}outside {low:.15g} … {high:.15g}"
    tally.add(Effect.BLANKED, column.name, outside, column[wrong & ~marked])
    return number.where(~wrong)


def _report_missing(cells: pd.Series, missing: pd.Series, tally: Tally, name: str) -> None:
    empty = missing & (cells.isna() if cells.dtype == np.float64 else cells == "")
    tally.add(Effect.EMPTY, name, "no value", cells[empty].astype("str"))
    tally.add(Effect.BLANKED, name, "stands for missing", cells[missing & ~empty])


def _repaired(text: pd.Series, tally: Tally, name: str) -> pd.Series:
    """Undo a certain decoding of UTF-8 as Windows-1252, and remove NULs; count these and lost letters."""
    torn = text.str.contains("\0", regex=False)
    if torn.any():
        tally.add(Effect.CHANGED, name, "holds NUL, which was removed", text[torn])
        text = text.where(~torn, text.str.replace("\0", "", regex=False).str.strip())
    lost = text.str.contains("\N{REPLACEMENT CHARACTER}", regex=False)
    tally.add(Effect.KEPT, name, "holds letters that were lost in an earlier conversion", text[lost])
    suspects = text[text.str.contains(_MOJIBAKE, regex=True)]
    repaired = suspects.map(_undo)
    changed = repaired != suspects
    shown = suspects[changed] + " → " + repaired[changed]
    tally.add(Effect.CHANGED, name, "was UTF-8 read as Windows-1252", shown)
    if not changed.any():
        return text
    text = text.copy()
    text[repaired.index[changed]] = repaired[changed]
    return text


def _undo(text: str) -> str:
    try:
        raw = b"".join(
            letter.encode("latin-1" if "\x80" <= letter <= "\x9f" else "cp1252") for letter in text
        )
        return raw.decode()
    except UnicodeError:
        return text
