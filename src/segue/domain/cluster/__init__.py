"""Tracks in clusters: neighbours, placement, and in what two tracks are alike."""
