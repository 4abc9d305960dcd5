# mypy: ignore-errors
import a_library_that_nobody_installed
