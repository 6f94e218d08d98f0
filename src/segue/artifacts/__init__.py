"""Versions of model artifacts, on S3 and on disk."""
