"""Feedback over HTTP, and click-through rates computed from it."""
