"""Arrays of vectors and of text: the greatest products, cells, clusters, seeded draws, columns."""
