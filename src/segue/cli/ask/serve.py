"""``segue serve``: every function behind one local HTTP server, with documentation."""

from __future__ import annotations

import secrets
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from segue.cli.options import ARTIFACTS, Artifacts, Store
from segue.errors import CustomerNotFoundError, SourceUnavailableError
from segue.serving.api.tier import Tier
from segue.serving.settings.environment import (
    DEFAULT_LAKE,
    DEFAULT_STATE,
    DEFAULT_STORE,
    DEFAULT_UPLOADS,
    find_store,
    set_for_this_process,
    web_settings,
)
from segue.sources.store import open_store

_EXAMPLE = 12
"""Id of the customer in the curl examples, if the store has this customer."""


def serve(  # noqa: PLR0913  # one parameter per option
    *,
    store: Store = "",
    location: Artifacts = ARTIFACTS,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    refresh_ttl_s: Annotated[
        float,
        typer.Option(envvar="SEGUE_REFRESH_TTL_S", help="Seconds between checks for new live versions."),
    ] = 5.0,
    tier: Annotated[
        Tier, typer.Option(envvar="SEGUE_DEFAULT_TIER", help="Tier of callers whose key is not listed.")
    ] = Tier.PRO,
    most_waiting: Annotated[
        int,
        typer.Option(min=1, envvar="SEGUE_MOST_WAITING", help="Most requests at once; others get 503."),
    ] = 64,
    access_log: Annotated[
        bool, typer.Option(envvar="SEGUE_ACCESS_LOG", help="Log every answer on standard error.")
    ] = True,
) -> None:
    """Serve the API and its documentation; the answers are those of the functions on Lambda."""
    is_named, store = bool(store), find_store(store, location)
    set_for_this_process(
        {
            "SEGUE_STORE": store,
            "SEGUE_ARTIFACTS": location,
            "SEGUE_REFRESH_TTL_S": str(refresh_ttl_s),
            "SEGUE_DEFAULT_TIER": tier,
        },
        defaults={
            "SEGUE_STATE": DEFAULT_STATE,
            "SEGUE_LAKE": DEFAULT_LAKE,
            "SEGUE_UPLOADS": DEFAULT_UPLOADS,
            "SEGUE_CURSOR_KEYS": f"local:{secrets.token_hex(32)}",  # cursors of stations end with the server
            "SEGUE_CACHE_DIR": str(Path(ARTIFACTS).with_name("cache")),
            "POWERTOOLS_SERVICE_NAME": "segue",
            "POWERTOOLS_METRICS_DISABLED": "true",
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "ORT_DISABLE_TELEMETRY": "1",
        },
    )
    console = Console(soft_wrap=True, highlight=False)
    try:
        customer_id = _example_customer(store)
    except SourceUnavailableError as error:
        if is_named or store != DEFAULT_STORE:
            raise
        customer_id = None  # a data set of interactions has no store
        console.print(f"/api/model cannot answer ({error}): name a store with --store.", markup=False)
    import functions

    names = sorted(
        path.parent.name for folder in functions.__path__ for path in Path(folder).glob("*/handler.py")
    )
    from segue.artifacts.place.location import open_store as open_artifacts
    from segue.serving.api.http import local_api
    from segue.serving.operations.models import describe_models
    from segue.serving.server.front import Front
    from segue.serving.server.local import run
    from segue.serving.server.local_upload import resume_imports, upload_routes

    handlers = {name: import_module(f"functions.{name}.handler") for name in names}
    uploads, worker = handlers["import_upload"].uploads, handlers["import_worker"].worker
    apis = (each.api for each in handlers.values() if hasattr(each, "api"))
    api = local_api(apis, upload_routes(uploads, worker))
    resume_imports(uploads, worker)
    front = Front(api, most_waiting, partial(typer.echo, err=True) if access_log else None)
    served = partial(describe_models, open_artifacts(location, setting="--artifacts"))
    run(front, (host, port), web_settings().base_path, customer_id, served, console.print)


def _example_customer(store: str) -> int:
    with open_store(store) as database:
        try:
            return int(database.read_purchases(_EXAMPLE).customers[0])
        except CustomerNotFoundError:
            return int(next(iter(database.read_purchases().customers), _EXAMPLE))
