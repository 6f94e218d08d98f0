"""Listeners: their events, histories, situations, moods and exclusions."""
