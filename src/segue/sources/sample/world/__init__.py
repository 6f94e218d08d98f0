"""Draws the world of the sample store: tracks, listeners and their events."""
