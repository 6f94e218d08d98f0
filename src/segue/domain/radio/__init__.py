"""Radio stations: their seeds, and the choice of the next track."""
