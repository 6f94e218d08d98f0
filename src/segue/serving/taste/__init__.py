"""Taste profiles over HTTP, as JSON, a page or pictures."""
