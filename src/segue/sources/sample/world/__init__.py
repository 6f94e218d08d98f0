"""What the sample store is drawn from: tracks, listeners and what they do."""
