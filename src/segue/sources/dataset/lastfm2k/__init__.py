"""Joins Last.fm-2k with Spotify's tracks."""
