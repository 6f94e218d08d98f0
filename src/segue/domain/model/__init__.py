"""The model families: what each has learnt, and how it brings and scores candidates."""
