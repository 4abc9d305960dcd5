"""The layers of a template: which are found, and what is said of those that are not."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.template import read_template
from tests.emulator.test_template import write

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """
Parameters:
  Arn: {Type: String, Default: "arn:aws:lambda:us-east-1:1:layer:p:1"}
  Names: {Type: CommaDelimitedList, Default: "Packed"}
Conditions: {IsBig: !Equals [a, b], Loop: !Condition Loop}
Globals: {Function: {Runtime: python3.13, Handler: app.handler, Layers: [!Ref Common]}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Layers: LAYERS}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Handler: a.b, Layers: [!Ref Packed]}}
  Common: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/common}}
  Packed: {Type: AWS::Lambda::LayerVersion, Properties: {Content: layers/packed.zip}}
  Stored: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Bucket: b, S3Key: k}}}
  Away: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: "s3://b/k"}}
  Sources:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: layers/sources}
  Made:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: layers/made}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://t.example"}}
  Itself: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: !Ref Itself}}
  Empty: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: ""}}
  Bare: {Type: AWS::Lambda::LayerVersion}
  Missing: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/none}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with what the template names."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("common/python", "sources", "made/python"):
        (tmp_path / "layers" / name).mkdir(parents=True)
    (tmp_path / "layers/made/Makefile").touch()
    with zipfile.ZipFile(tmp_path / "layers/packed.zip", "w") as archive:
        archive.writestr("python/packed.py", "")
    return tmp_path


def read(folder: Path, layers: str) -> tuple[tuple[Path, ...], list[str]]:
    """Give the layers of the template's first function, and what is said of them."""
    template = read_template(write(folder, TEMPLATE.replace("LAYERS", layers)), {})
    return template.functions[0].layers, template.notes


def test_layers_of_the_template_are_found(folder: Path) -> None:
    """Those of `Globals` first, then the function's own, in a folder or a zip file, of either kind."""
    layers, notes = read(folder, "[!GetAtt Packed.LayerVersionArn, !Ref AWS::NoValue]")
    template = read_template(folder / "template.yaml", {})

    assert layers[0] == folder / "layers/common"
    assert (layers[1] / "python/packed.py").exists()
    assert template.functions[1].layers == layers[1:]
    assert notes == []


@pytest.mark.parametrize(
    ("layers", "packed"),
    [
        ("[!If [IsBig, !Ref Common, !Ref Packed]]", [False, True]),
        ("[!If [IsBig, !Ref Common, !GetAtt Packed.LayerVersionArn]]", [False, True]),
        ("[!If [IsBig, !Ref Common, !Ref AWS::NoValue], !Ref Packed]", [False, True]),
        ("!If [IsBig, [!Ref Common, !Ref Packed], [!Ref Packed]]", [True]),
        ("!Ref Names", [True]),
    ],
)
def test_what_a_condition_or_a_parameter_gives(layers: str, packed: list[bool], folder: Path) -> None:
    """One of a list, nothing, or a whole list, which SAM has in place of that of `Globals`."""
    (found, notes) = read(folder, layers)

    assert [(layer / "python/packed.py").exists() for layer in found] == packed
    assert notes == []


@pytest.mark.parametrize(
    ("layers", "note"),
    [
        ("[!Ref Arn]", "without the layer arn:aws:lambda:us-east-1:1:layer:p:1: it is not of this template"),
        ('[!ImportValue "shared"]', "it is not of this template"),
        ("[!GetAtt Nested.Outputs.Layer]", "without the layer Nested: it is not of this template"),
        ("[!Ref Stored]", "without the layer Stored: its Content is not a folder or zip file here"),
        ("[!Ref Away]", "its ContentUri is not a folder or zip file here"),
        ("[!Ref Sources]", "it is built (python3.13), and these are its sources; run sam build"),
        ("[!Ref Made]", "it is built (makefile), and these are its sources; run sam build"),
    ],
)
def test_what_is_not_loaded_is_told(layers: str, note: str, folder: Path) -> None:
    """With the function, the layer, and what to do; the function is served without."""
    found, (told,) = read(folder, layers)

    assert found == (folder / "layers/common",)
    assert told.startswith("F: served without the layer ")
    assert note in told


def test_a_built_layer_is_loaded(folder: Path) -> None:
    """As `sam build` leaves it: with Lambda's folders, and without the makefile."""
    (folder / "layers/sources/python").mkdir()
    (folder / "layers/made/Makefile").unlink()
    layers, notes = read(folder, "[!Ref Sources, !Ref Made]")

    assert [layer.name for layer in layers] == ["common", "sources", "made"]
    assert notes == []


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("[!Ref Missing]", "F: layers: there is no folder or zip file .*layers/none"),
        ("[!Ref Itself]", "F: layers: there is no folder or zip file .*/Itself"),
        ("[!Ref Empty]", "Empty: ContentUri is a folder or a zip file, not ''"),
        ("[!Ref Bare]", "Bare: Content is a folder or a zip file, not None"),
        ("[!Ref Nope]", "F: nothing is named Nope"),
        ("[!GetAtt Nope.LayerVersionArn]", "F: Layers: nothing is named Nope"),
        ("[!Ref Plain]", "F: Layers: Plain is an AWS::Lambda::Function, and no layer"),
        ("[{a: b}]", "F: Layers: each is an ARN or a reference to a layer, not {'a': 'b'}"),
        ("[3]", "F: Layers: each is an ARN or a reference to a layer, not 3"),
        ("[!Ref Common]", "F: layers: .*layers/common is named twice"),
        ("&a [*a]", "template.yaml: F: .*recursion"),
        ("[!If [Loop, a, b]]", "F: something there refers to itself"),
    ],
)
def test_what_could_not_be_deployed_is_an_error(layers: str, message: str, folder: Path) -> None:
    """As a missing folder of a function is: somebody mistyped it."""
    with pytest.raises(DeclarationError, match=message):
        read(folder, layers)
