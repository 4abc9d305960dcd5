"""`aioric optimize`: what can be done for a function's start when it is built rather than at each start."""
