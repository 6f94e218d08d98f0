"""What is known of tracks: their columns, ids, names, genres and recordings."""
