"""The test suite on every Python that we promise, and on the next one as a preview. `make test-all` runs it.

The oldest release runs everything. The others, and the preview, run what serves functions and what reads
bytes: all of it is ours, and all of it depends on the interpreter. The newest is compared with awslambdaric
too, since what that has loaded, and how deep it goes, changes with the version. With arguments after `--`,
every version runs those instead: `nox -s tests-3.13 -- tests/emulator -x`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Sequence

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv"
# An interpreter that is not there is a failure: what was not run was not tested.
nox.options.error_on_missing_interpreters = True

OLDEST, *BETWEEN, NEWEST = ["3.11", "3.12", "3.13", "3.14"]
PREVIEW = "3.15"
EVERYTHING = ["tests"]
# pytest bounds each test, but not a thread that a failed one leaves behind: that keeps the process for ever.
SECONDS = 900
PREVIEW_SECONDS = 180
KILLED = 124
RUNTIME = ["tests/e2e", "tests/drivers", "tests/function", "tests/logs", "tests/protocol"]
PARITY = ["tests/parity"]


def install(session: nox.Session) -> None:
    """Install as `make setup` does; what ours is made with, only where everything runs."""
    everything = session.python == OLDEST or session.posargs
    session.install("--editable", ".[fast,emulator]", "--group", "dev" if everything else "test")


def run_tests(
    session: nox.Session, *arguments: str, seconds: int = SECONDS, success_codes: Sequence[int] = (0,)
) -> None:
    """Run pytest, and see to it that it ends."""
    command = ["timeout", "--kill-after=5", str(seconds), "python", "-m", "pytest", *arguments]
    session.run(*command, external=True, success_codes=success_codes)


@nox.session(python=[OLDEST, *BETWEEN, NEWEST])
def tests(session: nox.Session) -> None:
    """Run the tests on one released version."""
    install(session)
    chosen = {OLDEST: EVERYTHING, NEWEST: RUNTIME + PARITY}.get(str(session.python), RUNTIME)
    run_tests(session, "-q", *(session.posargs or chosen))


@nox.session(python=PREVIEW)
def preview(session: nox.Session) -> None:
    """Run the tests on the version to come; what fails is reported, and holds nothing up."""
    install(session)
    session.run("python", "-VV")
    # A test that needs a package without a wheel for this version is reported too, and stops no other.
    options = ["-q", "--continue-on-collection-errors"]
    run_tests(
        session,
        *options,
        *(session.posargs or RUNTIME),
        seconds=PREVIEW_SECONDS,
        success_codes=[0, 1, 2, KILLED],
    )


@nox.session(python=OLDEST)
def deploy(session: nox.Session) -> None:
    """Check what goes to AWS with judges that would weigh on everybody's environment."""
    judges = ["cfn-lint~=1.58", "cyclonedx-python-lib[json-validation]~=11.12"]
    session.install(*judges, "pytest>=8.3", "pytest-timeout", "pytest-asyncio")
    files = ["tests/deploy/test_templates.py", "tests/deploy/test_sbom.py"]
    session.run("python", "-m", "pytest", "-q", *files, *session.posargs)
