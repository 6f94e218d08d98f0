"""AWS over plain HTTP: credentials, signatures, kept connections. S3, DynamoDB and Secrets Manager use it."""
