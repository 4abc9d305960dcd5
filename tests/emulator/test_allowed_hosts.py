"""By which names functions may be invoked."""

from __future__ import annotations

import pytest

from aioric_emulator.allowed_hosts import AllowedHosts, is_loopback


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "localhost:8080",
        "LOCALHOST:8080",
        "localhost.:8080",
        "a.b.localhost:1",
        "127.0.0.1:8080",
        "192.168.1.4",
        "[::1]:8080",
        "[fe80::1%25eth0]:8080",
        "host.docker.internal:8080",
        "host.containers.internal",
        "lambda:8080",
        "x",
    ],
)
def test_names_of_machines_are_ours(header: str) -> None:
    """Addresses, names without a dot, and what is kept for machines and private networks."""
    assert AllowedHosts().include(header)


@pytest.mark.parametrize(
    "header",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost.example",
        "localhost@evil.example",
        "1.2.3",
        "[",
        "",
        ":8080",
        ".",
    ],
)
def test_names_of_the_web_are_not(header: str) -> None:
    """Whoever owns a name can have it lead anywhere."""
    assert not AllowedHosts().include(header)


def test_more_names_can_be_allowed() -> None:
    """One by one, in any case; or all."""
    some = AllowedHosts("127.0.0.1", ["Dev.Example"])
    assert some.include("dev.example:8080")
    assert not some.include("a.dev.example")
    assert AllowedHosts("127.0.0.1", ["*"]).include("evil.example")


def test_what_is_listened_on_is_ours() -> None:
    """A name that was given as the host to listen on."""
    assert AllowedHosts("box.example").include("box.example:8080")


def test_a_name_is_remembered_only_where_it_is_ours() -> None:
    """Any number of headers, asked twice, get the same answers."""
    hosts = AllowedHosts()
    for _ in range(2):
        assert all(hosts.include(f"a{number}.localhost") for number in range(200))
        assert not any(hosts.include(f"a{number}.example") for number in range(200))


@pytest.mark.parametrize(
    ("listens", "names", "are_checked"),
    [
        ("127.0.0.1", (), True),
        ("localhost", (), True),
        ("::1", ("dev.example",), True),
        ("127.0.0.1", ("*",), False),
        ("0.0.0.0", (), False),  # noqa: S104 - what is held
        ("192.168.1.4", (), False),
    ],
)
def test_callers_are_asked_on_loopback(listens: str, names: tuple[str, ...], *, are_checked: bool) -> None:
    """Who listens on the network is called by whatever name the network has for it."""
    assert AllowedHosts(listens, names).are_checked is are_checked


@pytest.mark.parametrize(
    ("host", "is_so"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],  # noqa: S104 - likewise
)
def test_loopback_is_known(host: str, *, is_so: bool) -> None:
    """By its addresses, and its one name."""
    assert is_loopback(host) is is_so
