"""What everybody plays, and what friends like."""
