"""A failed import says so where the file is there, but was built for another Python or processor."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aioric.errors import ImportModuleError
from aioric.function.foreign import explain
from aioric.function.loader import load

OTHER_NAME = "speedups.cpython-399-riscv64-linux-gnu.so"
MACHINE = 18  # where an ELF file says which processor it is for


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function's folder with a package in it."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "foreign_package").mkdir()
    return tmp_path


def failure(folder: Path, source: str) -> str:
    """Import a package of this source as a function does, and give the report's text."""
    (folder / "foreign_package" / "__init__.py").write_text(source)
    try:
        with pytest.raises(ImportModuleError) as raised:
            load("foreign_package.handler")
    finally:
        sys.modules.pop("foreign_package", None)
    return raised.value.message


IMPORTS = {
    "import": "import foreign_package.speedups",
    "from it": "from .speedups import fast",
    "wrapped": "try:\n    from .speedups import fast\nexcept ImportError as e:\n    raise ImportError from e",
}
if sys.version_info >= (3, 12):
    # Before, the error does not keep the name.
    IMPORTS["from its package"] = "from . import speedups"


@pytest.mark.parametrize("source", IMPORTS.values(), ids=IMPORTS)
def test_name_of_another(folder: Path, source: str) -> None:
    """A file whose name is for another interpreter is named, with the name that would do."""
    (folder / "foreign_package" / OTHER_NAME).write_bytes(b"")
    text = failure(folder, source)

    assert text.startswith("Unable to import module 'foreign_package': ")
    assert f"{folder}/foreign_package/{OTHER_NAME} is there, and this Python takes speedups.cpython-" in text


def test_built_for_another(folder: Path) -> None:
    """A file that is for another processor is named, with both processors."""
    library = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
    library[MACHINE] = 0xF3  # RISC-V
    (folder / "foreign_package" / "speedups.abi3.so").write_bytes(library)
    text = failure(folder, "from . import speedups")

    assert f"{folder}/foreign_package/speedups.abi3.so is for processor f300, and this is " in text
    assert "install the function's packages" in text


@pytest.mark.parametrize("content", [b"", b"no library", b"\x7fELF"], ids=["empty", "text", "cut"])
def test_broken_file(folder: Path, content: bytes) -> None:
    """What is no library for any processor gets no remark, but the interpreter's own words."""
    (folder / "foreign_package" / "speedups.abi3.so").write_bytes(content)
    text = failure(folder, "from . import speedups")

    assert "speedups.abi3.so" in text
    assert "install the function's packages" not in text


def test_nothing_there(folder: Path) -> None:
    """A module that is not there at all gets no remark."""
    text = failure(folder, "import no_such_module")

    assert text == "Unable to import module 'foreign_package': No module named 'no_such_module'"


def test_not_an_import(folder: Path) -> None:
    """Nothing is said of other errors, one without a name, one in a circle, or a file that has gone."""
    circle, other = ImportError("one"), ImportError("other")
    circle.__context__, other.__context__ = other, circle

    assert not explain(circle)
    assert not explain(None)
    assert not explain(ValueError("no"))
    assert not explain(ImportError("no"))
    assert not explain(ImportError("no", path=str(folder / "gone.so")))
