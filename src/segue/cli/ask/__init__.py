"""Commands that give the same answers as the functions."""
