"""Online state: what changes between two requests, in DynamoDB or an SQLite file."""
