"""The API on a laptop: a server, its access log, and uploads."""
