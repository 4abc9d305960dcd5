"""The only code that owns sockets, threads, tasks and processes; it decides nothing."""
