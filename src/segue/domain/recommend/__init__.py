"""From candidates to a list: gather, rank, reorder, explain."""
