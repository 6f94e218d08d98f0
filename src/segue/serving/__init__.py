"""HTTP, time, settings and telemetry around the domain."""
