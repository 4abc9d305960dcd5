"""`python -I -S /usr/local/lib/aioric-emulator BOOTSTRAP`: the emulator in place of AWS's, as a folder."""

from aioric_emulator.rie_command import main

main(prog_name="aioric-rie")
