"""Settings of how the API is reached: below which path, at which address, from which pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from segue.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the API is reached.

    Attributes
    ----------
    base_path : str
        SEGUE_BASE_PATH, ``/music``: what comes before every route, as of a base path mapping; empty for none.
    public_url : str
        SEGUE_PUBLIC_URL, ``https://api.shop.example/music``: where callers find this server, for links to it;
        empty for the address that a request came in on.
    origins : tuple of str
        SEGUE_CORS_ORIGINS, ``https://shop.example,…``: pages that may call the API; ``*`` for all.
    """

    base_path: str
    public_url: str
    origins: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; raises ConfigError naming the variable at fault."""
        base = environment.get("SEGUE_BASE_PATH", "").strip("/")
        if not re.fullmatch(r"[\w.~/-]*", base, re.ASCII):
            raise ConfigError("SEGUE_BASE_PATH", f"{base!r} is no path: give one as in /music.")
        public = environment.get("SEGUE_PUBLIC_URL", "").rstrip("/")
        origins = [one.strip() for one in environment.get("SEGUE_CORS_ORIGINS", "").split(",")]
        for variable, path, urls in (
            ("SEGUE_PUBLIC_URL", r"[^?#\s]*", [public]),
            ("SEGUE_CORS_ORIGINS", "", origins),
        ):
            for url in urls:
                if url and not re.fullmatch(rf"\*|https?://[^/?#\s]+{path}", url):
                    raise ConfigError(variable, f"{url!r} is no address as in https://shop.example.")
        return cls(f"/{base}" if base else "", public, tuple(filter(None, origins)))
