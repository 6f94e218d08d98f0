"""Facts about tracks: their columns, ids, names, genres and recordings."""
