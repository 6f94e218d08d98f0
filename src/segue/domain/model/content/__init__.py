"""What tracks are like: content vectors, genres, moods and sound."""
