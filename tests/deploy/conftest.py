"""What goes to AWS; the linter of templates has an environment of its own, which `make test-all` makes."""

from __future__ import annotations

from importlib.util import find_spec

# Not a skip: without the linter there is nothing that this environment could say about a template.
collect_ignore = [] if find_spec("cfnlint") else ["test_templates.py"]
