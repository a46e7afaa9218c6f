"""The body of Kratos' hooks: one file, with an operator's settings in it."""

from __future__ import annotations

import pytest

from webhook_service.ory_config.jsonnet import Body, text_of
from webhook_service.ory_config.jsonnet_file import document


def test_the_shipped_file_is_the_body_where_nothing_is_set() -> None:
    assert Body(document()).text == document()


def test_what_is_set_stands_in_it_once() -> None:
    text = Body(
        document(), session_cookie="o'ry", pass_session_cookie=True, headers=("Cf-Ipcountry",)
    ).text
    for line in (
        "local pass_session_cookie = true;",
        'local session_cookie = "o\'ry";',
        "local headers = ['User-Agent', 'True-Client-Ip', 'Cf-Ipcountry'];",
    ):
        assert text.count(line) == 1
    assert len(text.splitlines()) == len(document().splitlines())


def test_a_file_that_lacks_a_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="does not set pass_session_cookie once"):
        _ = Body("function(ctx) {}").text


def test_in_the_place_of_an_address_it_has_no_comments() -> None:
    text = text_of(Body(document()).inline)
    assert text is not None
    assert "//" not in text
    assert text.startswith("local headers = ")
    assert text.endswith("\n)\n")
    kept = [line.partition("  //")[0] for line in document().splitlines()]
    assert text.splitlines() == [line for line in kept if line and not line.startswith("//")]


@pytest.mark.parametrize("address", ["file://a.jsonnet", "base64://%%", "base64:///w=="])
def test_a_body_that_is_elsewhere_or_no_text_is_not_read(address: str) -> None:
    assert text_of(address) is None
