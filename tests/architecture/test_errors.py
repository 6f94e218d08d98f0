"""The error tree: each class has a code of its own and its place in the drawing."""

from __future__ import annotations

import inspect
import re

from segue import errors

CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
}


def _drawn() -> list[tuple[int, str]]:
    """(depth, name) of every line of the tree in the module's docstring; the root has depth 0."""
    lines = re.findall(r"^([ │├└─]+)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    return [(len(indent) // 4 - 1, name) for indent, name in lines]


def test_every_code_is_unique() -> None:
    codes = [kind.code for kind in CLASSES.values()]
    assert sorted(set(codes)) == sorted(codes)


def test_every_class_sets_its_own_code_and_says_what_it_means() -> None:
    for name, kind in CLASSES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", vars(kind).get("code", "")), name
        assert vars(kind).get("__doc__"), name


def test_the_drawing_is_the_tree() -> None:
    above: list[str] = []
    drawn: dict[str, str] = {}
    for depth, name in _drawn():
        above[depth:] = [name]
        if depth:
            drawn[name] = above[depth - 1]
    assert drawn == {name: kind.__base__.__name__ for name, kind in CLASSES.items() if name != "SegueError"}
