"""Taste profiles over HTTP: JSON, a page, or pictures."""
