"""Like `sentry`, and fails while it is imported."""

import sentry

raise RuntimeError("at import")
