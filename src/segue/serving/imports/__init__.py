"""Imports of listening histories, from the upload to the events."""
