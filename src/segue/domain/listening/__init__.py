"""What listeners do and want: events, histories, situations, moods and exclusions."""
