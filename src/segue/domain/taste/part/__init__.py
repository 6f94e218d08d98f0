"""The parts of a taste profile, one module each."""
