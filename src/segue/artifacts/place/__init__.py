"""Places that hold artifacts: S3 and folders."""
