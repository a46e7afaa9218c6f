"""Bad input 52, and that good certificates work: TLS on 127.0.0.1."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport

CERTIFICATES = Path(__file__).parent / "tls"
LOOPBACK = CERTIFICATES / "loopback.pem"
ELSEWHERE = CERTIFICATES / "elsewhere.pem"


@contextmanager
def serving_tls(fake: FakeOry, certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with fake.serve() as served:
        listener = served.kratos
        listener.socket = context.wrap_socket(
            listener.socket, server_side=True, do_handshake_on_connect=False
        )
        yield listener.url.replace("http://", "https://")


def failure(url: str, seconds: float = 5, *, trust_env: bool = False) -> OryError:
    with pytest.raises(OryError) as caught:
        Kratos(Transport("kratos", url, trust_env=trust_env)).ready(Deadline.after(seconds))
    return caught.value


def test_a_certificate_of_nobody_known_is_refused(fake: FakeOry) -> None:
    with serving_tls(fake, LOOPBACK) as url:
        error = failure(url)
    assert error.reason is UpstreamReason.UNREACHABLE
    assert "self-signed certificate" in error.detail
    assert fake.calls == []


def test_a_certificate_for_another_name_is_refused(
    fake: FakeOry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ELSEWHERE))
    with serving_tls(fake, ELSEWHERE) as url:
        error = failure(url, trust_env=True)
    assert error.reason is UpstreamReason.UNREACHABLE
    assert "IP address mismatch" in error.detail
    assert fake.calls == []


def test_a_bundle_of_the_environment_counts_only_when_asked_for(
    fake: FakeOry, monkeypatch: pytest.MonkeyPatch, session_id: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(LOOPBACK))
    with serving_tls(fake, LOOPBACK) as url:
        assert "certificate" in failure(url).detail
        kratos = Kratos(Transport("kratos", url, trust_env=True))
        assert kratos.session(session_id, Deadline.after(5)) is not None
        assert kratos.extend(session_id, Deadline.after(5)) is not None


def test_a_folder_of_certificates_can_be_named_as_well(
    fake: FakeOry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    with serving_tls(fake, LOOPBACK) as url:
        assert "certificate" in failure(url, trust_env=True).detail


def test_an_upstream_without_tls_is_unreachable_by_https(fake: FakeOry) -> None:
    with fake.serve() as served:
        error = failure(served.kratos.url.replace("http://", "https://"))
    assert error.reason is UpstreamReason.UNREACHABLE
    assert error.detail == "TLS failed"


def test_a_handshake_that_never_ends_is_given_up_on_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        error = failure(f"https://127.0.0.1:{silent.getsockname()[1]}", 0.2)
        assert time.monotonic() - begun < 0.9
    assert error.reason is UpstreamReason.TIMEOUT


def test_a_handshake_that_drips_is_given_up_on_time() -> None:
    """A limit per read would start anew with each of these bytes."""
    stopped = threading.Event()

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            # The head of a TLS record of 16 KiB, and then its content, slowly.
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not stopped.wait(0.02):
                connection.sendall(b"\x02")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        error = failure(f"https://127.0.0.1:{listener.getsockname()[1]}", 0.2)
        assert time.monotonic() - begun < 0.9
        stopped.set()
        thread.join(5)
    assert error.reason is UpstreamReason.TIMEOUT


def test_an_answer_that_drips_through_tls_is_given_up_on_time(
    fake: FakeOry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(LOOPBACK))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK)
    stopped = threading.Event()

    def drip() -> None:
        accepted, _ = listener.accept()
        with context.wrap_socket(accepted, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            while not stopped.wait(0.02):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        begun = time.monotonic()
        error = failure(f"https://127.0.0.1:{listener.getsockname()[1]}", 0.3, trust_env=True)
        assert time.monotonic() - begun < 0.9
        stopped.set()
        thread.join(5)
    assert error.reason is UpstreamReason.TIMEOUT
