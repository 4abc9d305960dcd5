"""The start that `aioric optimize` prepared: bytecode in one file, and the outcome of pure work at import.

Loaded only where a function's folder has such a file. What it holds is used while it is certain to be what
the real import would have come to; everything else is imported as ever.
"""
