"""Colours and fonts of the pictures and the page, in a light and a dark scheme."""

from __future__ import annotations

N_COLOURS = 7
"""Number of taste colours. Classes f0 … f6 fill and s0 … s6 draw lines; the last colour is grey.

Parts of the listener that belong to no single taste have the class own, owns, or a shade g0 … g6."""

_LIGHT = {
    "page": "#f4f5f8", "card": "#ffffff", "ink": "#1a2130", "soft": "#566072", "line": "#d5dae3",
    "dust": "#8d97a8", "on": "#ffffff", "own": "#4b4fc4",
    "c0": "#2f66d0", "c1": "#c4511b", "c2": "#1d8557", "c3": "#a83a94", "c4": "#857000", "c5": "#0a7a90",
    "c6": "#8f98a6",
}  # fmt: skip
_DARK = {
    "page": "#0f1217", "card": "#181c24", "ink": "#e9ecf2", "soft": "#a6b0c0", "line": "#313948",
    "dust": "#6d788b", "on": "#10141b", "own": "#a5a8ff",
    "c0": "#7fabff", "c1": "#ff9d6b", "c2": "#5ed49b", "c3": "#ea90dc", "c4": "#dcc455", "c5": "#5fd2e4",
    "c6": "#7d8797",
}  # fmt: skip

_SHADES = (1, 0.8, 0.64, 0.5, 0.38, 0.28, 0.18)
"""Opacities of the classes g0 … g6, shades of the listener's colour."""

_CHOSEN = "".join(
    f".f{n}{{fill:var(--c{n})}}.s{n}{{stroke:var(--c{n})}}" for n in range(N_COLOURS)
) + "".join(f".g{n}{{fill:var(--own);fill-opacity:{shade}}}" for n, shade in enumerate(_SHADES))


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


COLOURS = (
    f":root{{color-scheme:light dark;{_variables(_LIGHT)}}}"
    f"@media(prefers-color-scheme:dark){{:root{{{_variables(_DARK)}}}}}"
)
DRAWN = (
    "svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:13px}"
    "text{fill:var(--ink)}.soft{fill:var(--soft)}.strong{font-weight:650}.on{fill:var(--on);font-weight:700}"
    ".head{font-size:16px;font-weight:650}.card{fill:var(--card)}.line{stroke:var(--line);fill:none}"
    ".dust{stroke:var(--dust);fill:none}.empty{fill:var(--line)}.rim{stroke:var(--card)}"
    ".axis{stroke:var(--soft);fill:none}.own{fill:var(--own)}.owns{stroke:var(--own)}"
    ".less{fill:var(--dust)}" + _CHOSEN
)
PAGE = (
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:1120px;margin:0 auto;padding:20px 16px 40px}"
    "h1{font-size:1.6rem;line-height:1.2;margin:8px 0 4px;overflow-wrap:anywhere}"
    "h2{font-size:1.1rem;margin:0 0 2px}"
    "p{margin:4px 0 12px}.quiet{color:var(--soft);font-size:.9rem}"
    ".cards{columns:2 400px;column-gap:16px}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px;"
    "margin:0 0 16px;break-inside:avoid}"
    "svg{display:block;width:100%;height:auto;max-width:560px;margin:0 auto}"
    "ul{margin:0;padding-left:20px}li{margin:6px 0;overflow-wrap:anywhere}"
    "li::marker{color:var(--own)}details{margin-top:10px}summary{cursor:pointer;color:var(--soft);"
    "font-size:.9rem}summary:focus-visible{outline:2px solid var(--own);outline-offset:3px}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;margin-top:8px;width:100%}"
    "th,td{text-align:left;padding:4px 8px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;"
    "overflow-wrap:break-word}td:first-child{min-width:5.5em}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--soft);padding-bottom:4px}"
)
