"""Sans-I/O: bytes to messages and back. No socket, clock, environment or log lives here."""
