"""A local server of the API, with an access log and uploads."""
