"""Fronts of `aioric.toml` and of the command line: what may be said, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.command_line import select_fronts
from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import (
    AlbSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)
from aioric_emulator.project_file import read_project_file

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.project import Project

FUNCTIONS = '[functions.a]\nhandler = "app.a"\n[functions.b]\nhandler = "app.b"\n'
WHOLE = """
[defaults]
url = true
[functions.a]
handler = "app.a"
[functions.a.url]
port = 8081
invoke_mode = "RESPONSE_STREAM"
cors = { allow_origins = ["https://a.example"], allow_credentials = true, max_age = 60 }
[functions.b]
handler = "app.b"
[functions.c]
handler = "app.c"
url = false

[[http_api]]
port = 8082
payload_format = "1.0"
timeout = 5
stage = "dev"
stage_variables = { table = "t" }
cors = { allow_origins = ["*"] }
[http_api.routes]
"$default" = "a"
"GET /items/{id}" = "b"
[[http_api]]

[rest_api]
stage = "dev"
binary_media_types = ["image/*"]
timeout = 60
cors = { allow_origins = ["*"] }
routes = { "/{proxy+}" = "b" }

[alb]
function = "b"
multi_value_headers = true
port = 0
"""


def read(folder: Path, text: str) -> Project:
    """Give a project whose file has this text."""
    (folder / "aioric.toml").write_text(text)
    return read_project_file(folder / "aioric.toml")


def test_a_whole_file(tmp_path: Path) -> None:
    """Every setting, and what there is without any."""
    assert read(tmp_path, WHOLE).fronts == [
        UrlSettings(
            "a", 8081, "RESPONSE_STREAM", Cors(("https://a.example",), allow_credentials=True, max_age=60)
        ),
        UrlSettings("b"),
        HttpApiSettings(
            (Route("a", "$default", "ANY", "1.0", 5.0), Route("b", "/items/{id}", "GET", "1.0", 5.0)),
            8082,
            "dev",
            {"table": "t"},
            Cors(("*",)),
        ),
        HttpApiSettings((Route("a"),)),
        RestApiSettings((Route("b", "/{proxy+}"),), None, "dev", {}, ("image/*",), 60.0, Cors(("*",))),
        AlbSettings("b", 0, multi_value_headers=True),
    ]
    assert read(tmp_path, f"{FUNCTIONS}[rest_api]\n").fronts == [RestApiSettings(catch_all("a"))]
    assert read(tmp_path, FUNCTIONS).fronts == []


REFUSED = {
    'url = "yes"': "a: url is a table or true, not 'yes'",
    'url = { invoke_mode = "STREAM" }': "a: url: invoke_mode is BUFFERED or RESPONSE_STREAM, not STREAM",
    "url = { prt = 1 }": "a: url: there is no setting prt; did you mean port?",
    "url = { port = 65536 }": "a: url: port is between 0 and 65535",
    "url = { cors = { allow_origins = [1] } }": "a: url: cors: allow_origins is a list of text",
    "[http_api]\nport = true": "http_api: port is a whole number, not True",
    '[http_api]\npayload_format = "3.0"': "http_api: payload_format is 1.0 or 2.0, not 3.0",
    "[http_api]\ntimeout = 31": "http_api: timeout is between 0.05 and 30, not 31",
    '[http_api]\nroutes = { "GET x" = "a" }': "http_api: GET x: a route is $default, or METHOD /path",
    '[http_api]\nroutes = { "GET /" = "z" }': "http_api: GET /: there is no function z; there is a, b",
    "[http_api]\nroutes = { '$default' = 1 }": "http_api: $default: there is no function 1; there is a, b",
    "[http_api]\nstage_variables = { a = 1 }": "http_api: stage_variables are text",
    '[rest_api]\nroutes = { "$default" = "a" }': "rest_api: a REST API has no $default",
    '[alb]\nfunction = "z"': "alb: there is no function z; there is a, b",
    "[elb]": "no table elb; there are [functions.NAME], [defaults], [http_api], [rest_api] and [alb]",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """With its place, and what could be there."""
    whole = (
        FUNCTIONS.replace('"app.a"\n', f'"app.a"\n{text}\n') if text.startswith("url") else FUNCTIONS + text
    )
    with pytest.raises(DeclarationError, match=re.escape(REFUSED[text])):
        read(tmp_path, whole)


def test_a_kind_that_is_no_table(tmp_path: Path) -> None:
    """A number in the place of a table."""
    with pytest.raises(DeclarationError, match="alb is a table"):
        read(tmp_path, f"alb = 1\n{FUNCTIONS}")


NONE = dict.fromkeys(
    (
        "url_port",
        "url_mode",
        "http_api_port",
        "payload_format",
        "rest_api_port",
        "alb_port",
        "multi_value_headers",
    )
)


def options(**given: Any) -> dict[str, Any]:
    """Give the options of a command line."""
    return NONE | given


def test_options_make_fronts() -> None:
    """For the first function."""
    made = select_fronts(
        options(url_port=1, url_mode="RESPONSE_STREAM", http_api_port=2, rest_api_port=3, alb_port=4),
        [],
        ["a", "b"],
    )

    assert made == [
        UrlSettings("a", 1, "RESPONSE_STREAM"),
        HttpApiSettings((Route("a"),), 2),
        RestApiSettings(catch_all("a"), 3),
        AlbSettings("a", 4),
    ]
    assert select_fronts(options(), [], ["a"]) == []


def test_options_rank_above_a_file() -> None:
    """They change the first front of their kind, and leave the rest of it."""
    declared: list[FrontSettings] = [
        UrlSettings("b", cors=Cors(("*",))),
        UrlSettings("a"),
        HttpApiSettings((Route("b", "/x"),), stage="dev"),
    ]
    found = select_fronts(options(url_port=1, http_api_port=2, payload_format="1.0"), declared, ["a", "b"])

    assert found == [
        UrlSettings("b", 1, cors=Cors(("*",))),
        UrlSettings("a"),
        HttpApiSettings((Route("b", "/x", payload_format="1.0"),), 2, "dev"),
    ]


def test_a_detail_of_nothing_is_refused() -> None:
    """It would be lost otherwise."""
    with pytest.raises(DeclarationError, match="--payload-format says more of --http-api PORT"):
        select_fronts(options(payload_format="1.0"), [], ["a"])
