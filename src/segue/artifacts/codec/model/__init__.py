"""The files of each model family."""
