"""A conformance suite for Runtime API clients: thirty things that the platform may do to a runtime."""
