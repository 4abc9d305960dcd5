"""The platform's logging contract: where records go and what they look like."""
