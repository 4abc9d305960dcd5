"""The command `aioric-rie`: a drop-in for `aws-lambda-rie`, word for word.

Only click is imported before the command runs: `aioric-rie --help` has to be quick.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["main"]

# The levels of both engines; ours logs the function, and of itself where it serves (info) and nothing else.
LEVELS = ["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"]
TALKATIVE = frozenset({"trace", "debug", "info"})


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="[BOOTSTRAP [ARGUMENT...] [HANDLER]]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--log-level",
    envvar="LOG_LEVEL",
    default="info",
    show_default=True,
    type=click.Choice(LEVELS, case_sensitive=False),
    help="Of the emulator's own lines; LOG_LEVEL says it too.",
)
@click.option("--enable-init-caching", is_flag=True, help="Taken, and without a meaning here.")
@click.option(
    "--runtime-api-address",
    default="127.0.0.1:9001",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the runtime finds its work.",
)
@click.option(
    "--runtime-interface-emulator-address",
    default="0.0.0.0:8080",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the function is invoked. As it is, others on the network can.",
)
def main(
    words: tuple[str, ...],
    log_level: str,
    enable_init_caching: bool,  # noqa: ARG001, FBT001 - a flag of theirs
    runtime_api_address: str,
    runtime_interface_emulator_address: str,
) -> None:
    """Serve one function as `aws-lambda-rie` does.

    BOOTSTRAP is the runtime; of several words the last is the handler's name. The rest is said by the
    variables of aws-lambda-rie: AWS_LAMBDA_FUNCTION_TIMEOUT, AWS_LAMBDA_MAX_CONCURRENCY and so on.
    """
    # See the module's docstring.
    from aioric_emulator.allowed_hosts import ANY  # noqa: PLC0415
    from aioric_emulator.development import Place, serve  # noqa: PLC0415
    from aioric_emulator.rie import ALIAS, read_address, read_configuration  # noqa: PLC0415

    try:
        api = read_address(runtime_api_address, "--runtime-api-address")
        front = read_address(runtime_interface_emulator_address, "--runtime-interface-emulator-address")
        # The environment is the function's, and read once: this is the process's start.
        configuration = read_configuration(words, os.environ, Path.cwd(), api)
        is_quiet = log_level.lower() not in TALKATIVE
        # No page for people: this listens on every interface.
        place = Place(
            *front,
            reloads=False,
            has_dashboard=False,
            alias=ALIAS,
            is_quiet=is_quiet,
            # A container is called by any name; so is theirs.
            allowed_hosts=(ANY,),
        )
        serve([configuration], place)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
