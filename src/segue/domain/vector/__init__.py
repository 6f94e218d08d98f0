"""Operations on arrays: greatest products, inverted files, k-means, seeded draws, columns of text."""
