"""The names within a work folder."""

INPUT = "input"
"""What a variant is made of, as it was read."""

ARTIFACT = "artifact"
"""The finished files."""

RECORD = "record.json"
"""What the manifest is to say of them."""
