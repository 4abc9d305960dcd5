"""`python -I -S /usr/local/lib/aioric-emulator dev app.handler`: the emulator, run as a folder."""

from aioric_emulator.cli import main

main(prog_name="aioric")
