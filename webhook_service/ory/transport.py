"""One upstream's HTTP: a request to its path, an answer read within the deadline, or why not.

No cookie is kept, no redirect followed, no environment variable read unless asked for, and
no more than ``max_bytes`` of an answer are taken. A lean way through ``requests``: the
request is built by hand and sent once.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Final, TypeVar

import requests
from marshmallow import ValidationError
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from webhook_service import __version__
from webhook_service.ory.connections import CURRENT, Attempt, BoundAdapter
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import NotFound, OryError, UpstreamReason
from webhook_service.ory.failures import is_stale, why

T = TypeVar("T")

OnCall = Callable[[str, str, str, float], None]
"""Told of each call: upstream, operation, outcome (``ok``, ``not_found`` or a reason), and
the seconds it took. Runs on the calling thread, so it must be cheap and must not raise."""

MAX_BYTES: Final = 1 << 20

_GOOD: Final = {HTTPStatus.OK, HTTPStatus.NO_CONTENT}
_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_REDIRECTS: Final = range(300, 400)
_STATUSES: Final[Mapping[int, UpstreamReason]] = {
    HTTPStatus.UNAUTHORIZED: UpstreamReason.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: UpstreamReason.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS: UpstreamReason.BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: UpstreamReason.BUSY,
    # What stands between us and Ory could not reach it.
    HTTPStatus.BAD_GATEWAY: UpstreamReason.UNREACHABLE,
    HTTPStatus.GATEWAY_TIMEOUT: UpstreamReason.UNREACHABLE,
}

_NOT_ORYS: Final = "answered 404, and not as Ory's admin APIs do: is the URL right?"

# urllib3 logs URLs: every one at DEBUG, those with odd response headers at WARNING. A login
# challenge is part of a URL and must not reach a log. What goes wrong is told by OryError.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class _Session(requests.Session):
    """A session that keeps no cookies and looks at no redirect."""

    def __init__(self, adapter: BoundAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say there is none. Else requests reads a redirect's whole body, whatever its size."""


class Transport:
    """Calls one upstream's admin API. Shared by all threads of a process.

    Args:
        upstream: its name in errors and counts: ``kratos`` or ``hydra``.
        base_url: where its API is; a path in it is kept.
        api_key: ``ORY_API_KEY``, sent as a bearer token.
        connections: how many connections are kept, one for each thread that calls.
        max_bytes: an answer with more is invalid.
        trust_env: whether proxy and certificate variables of the environment count.
        on_call: told of each call.
    """

    def __init__(
        self,
        upstream: str,
        base_url: str,
        *,
        api_key: str | None = None,
        connections: int = 32,
        max_bytes: int = MAX_BYTES,
        trust_env: bool = False,
        on_call: OnCall | None = None,
    ) -> None:
        self.upstream = upstream
        self._base_url = base_url.rstrip("/")
        self._max_bytes = max_bytes
        self._on_call = on_call
        self._headers = CaseInsensitiveDict(
            {
                "Accept": "application/json",
                # Compressed answers could grow beyond max_bytes once unpacked.
                "Accept-Encoding": "identity",
                "User-Agent": f"webhook-service/{__version__}",
            }
        )
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        https = self._base_url.startswith("https://")
        proxies, bundle = _environment(self._base_url) if trust_env else ({}, None)
        self._proxies = proxies
        self._session = _Session(BoundAdapter(connections, _tls(bundle) if https else None))

    def get(
        self, operation: str, path: str, deadline: Deadline, read: Callable[[object], T]
    ) -> T | None:
        """Read a thing; ``None`` where there is none (404, 410).

        Args:
            operation: what the call is for, in counts: ``session``, ``client``.
            path: from the base URL on, with its query; whoever made it has quoted it.
            deadline: when the whole answer must be there.
            read: makes the value of the parsed JSON; raises ``ValidationError`` where it
                has another shape.

        Raises:
            OryError: any other answer, or none in time.
        """
        try:
            return self._counted(operation, "GET", path, deadline, read)
        except NotFound:
            return None

    def patch(
        self, operation: str, path: str, deadline: Deadline, read: Callable[[object], T]
    ) -> T | None:
        """Change a thing and read it; ``None`` where the answer does not hold it (204).

        Raises:
            NotFound: there is no such thing (404, 410).
            OryError: any other answer, or none in time.
        """
        return self._counted(operation, "PATCH", path, deadline, read)

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _counted(
        self,
        operation: str,
        method: str,
        path: str,
        deadline: Deadline,
        read: Callable[[object], T],
    ) -> T | None:
        begun = time.monotonic()
        outcome = "ok"
        try:
            body = self._exchange(method, path, deadline)
            return None if body is None else self._parse(body, read)
        except NotFound:
            outcome = "not_found"
            raise
        except OryError as error:
            outcome = error.reason
            raise
        finally:
            if self._on_call is not None:
                self._on_call(self.upstream, operation, outcome, time.monotonic() - begun)

    def _parse(self, body: bytes, read: Callable[[object], T]) -> T:
        """Turn the body into a value. Errors name no value: it may be a trait."""
        try:
            return read(json.loads(body))
        except ValidationError as error:
            raise self._invalid(f"not the expected shape: {_fields(error)}") from None
        except (ValueError, RecursionError):
            raise self._invalid("not JSON") from None

    def _exchange(self, method: str, path: str, deadline: Deadline) -> bytes | None:
        """Send a request and read the body of its answer; ``None`` for 204.

        A kept connection may have been closed by the other side just as it was taken. For
        a GET that is no failure yet: it is sent once more, over a new connection.
        """
        attempt = Attempt(deadline)
        try:
            response = self._send(method, path, attempt)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            if method != "GET" or attempt.connected or not is_stale(error):
                raise self._failed(error) from None
        else:
            return self._body(response, attempt)
        attempt = Attempt(deadline, fresh=True)
        try:
            response = self._send(method, path, attempt)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            raise self._failed(error) from None
        return self._body(response, attempt)

    def _send(self, method: str, path: str, attempt: Attempt) -> requests.Response:
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base_url + path
        request.headers = self._headers.copy()
        request.hooks = default_hooks()
        seconds = attempt.deadline.require()
        token = CURRENT.set(attempt)
        try:
            return self._session.send(
                request,
                stream=True,
                timeout=seconds,
                allow_redirects=False,
                proxies=self._proxies,
                verify=True,
                cert=None,
            )
        finally:
            CURRENT.reset(token)

    def _body(self, response: requests.Response, attempt: Attempt) -> bytes | None:
        token = CURRENT.set(attempt)
        try:
            body = response.raw.read(self._max_bytes + 1, decode_content=False)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            raise self._failed(error) from None
        finally:
            CURRENT.reset(token)
            # Whatever was not read to its end goes with its connection.
            response.close()
        return self._accept(response.status_code, body)

    def _accept(self, status: int, body: bytes) -> bytes | None:
        """Return the body of a good answer, ``None`` where it has none by intent."""
        if status in _GONE:
            raise NotFound(self.upstream) if _is_orys(body) else self._invalid(_NOT_ORYS)
        if status in _REDIRECTS:
            raise self._invalid(f"answered {status}, a redirect: refused")
        if status not in _GOOD:
            reason = _STATUSES.get(status, UpstreamReason.INVALID)
            raise OryError(self.upstream, reason, f"answered {status}")
        if len(body) > self._max_bytes:
            raise self._invalid(f"answered with more than {self._max_bytes} bytes")
        return None if status == HTTPStatus.NO_CONTENT else body

    def _failed(self, error: BaseException) -> OryError:
        return OryError(self.upstream, *why(error))

    def _invalid(self, detail: str) -> OryError:
        return OryError(self.upstream, UpstreamReason.INVALID, detail)


def _is_orys(body: bytes) -> bool:
    """Whether a 404 or 410 is Kratos' or Hydra's word that one thing is not there.

    Another service, their own public ports, and each of them asked for the other's things
    answer 404 to every path: taken for "no such session", a wrong URL would sign everybody
    out. Hydra says so in JSON as well: "The requested route does not exist".
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(answer, dict):
        return False
    error = answer.get("error")
    if isinstance(error, dict) and "route" in str(error.get("reason")):
        return False
    return error is not None or "redirect_to" in answer


def _fields(error: ValidationError) -> str:
    """Name the fields at fault; their values stay out."""
    messages = error.messages
    return ", ".join(sorted(map(str, messages))) if isinstance(messages, dict) else "not an object"


def _environment(url: str) -> tuple[dict[str, str], str | None]:
    """Read the proxies and the certificate bundle that the environment names for a URL."""
    settings = requests.Session().merge_environment_settings(url, {}, None, None, None)
    bundle = settings["verify"]
    return dict(settings["proxies"]), bundle if isinstance(bundle, str) else None


def _tls(bundle: str | None) -> ssl.SSLContext:
    """Make the context that verifies an upstream's certificate and its name."""
    bundle = bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
