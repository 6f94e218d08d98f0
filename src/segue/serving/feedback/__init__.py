"""Feedback over HTTP, and the click-through rates that come of it."""
