"""An address is shown without the login that somebody wrote into it, however odd that is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.model.targets import Target


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("lab.example.com", "lab.example.com"),
        ("https://lab.example.com:8080", "https://lab.example.com:8080"),
        ("https://user:word@lab.example.com:8080/path", "https://lab.example.com:8080/path"),
        ("user:word@lab.example.com", "lab.example.com"),
        ("https://user:wo/rd@lab.example.com", "https://lab.example.com"),
        ("https://user:wo@rd@lab.example.com", "https://lab.example.com"),
        ("https://user:wo://rd@lab.example.com", "https://lab.example.com"),
        ("[2001:db8::1]:8080", "[2001:db8::1]:8080"),
        ("", ""),
    ],
)
def test_only_the_login_goes(address: str, shown: str) -> None:
    assert Target("lab", "onefs", address).shown_address == shown


@given(st.text(min_size=1))
def test_no_password_is_shown(password: str) -> None:
    assert Target("lab", "onefs", f"https://user:{password}@host").shown_address == "https://host"
