"""What goes to AWS; its judges have an environment of their own, which `make test-all` makes."""

from __future__ import annotations

from importlib.util import find_spec

# Not a skip: without a judge there is nothing that this environment could say about what it judges.
JUDGES = {"cfnlint": "test_templates.py", "cyclonedx": "test_sbom.py"}
collect_ignore = [file for judge, file in JUDGES.items() if find_spec(judge) is None]
