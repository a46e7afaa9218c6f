"""What an answer of Kratos or Hydra means: a value, "there is none", or one of the reasons.

Pure. Nothing of an answer but names of fields gets into an error: values may be traits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NoReturn, TypeVar

from marshmallow import ValidationError

from webhook_service.ory.errors import BadRequestError, NotFound, OryError, UpstreamReason

T = TypeVar("T")
Reader = Callable[[object], T]
"""Makes a value of parsed JSON; raises ``ValidationError`` where it has another shape."""

_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_REDIRECTS: Final = range(300, 400)
_REASONS: Final[Mapping[int, UpstreamReason]] = {
    HTTPStatus.UNAUTHORIZED: UpstreamReason.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: UpstreamReason.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS: UpstreamReason.BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: UpstreamReason.BUSY,
    # What stands between us and Ory could not reach it.
    HTTPStatus.BAD_GATEWAY: UpstreamReason.UNREACHABLE,
    HTTPStatus.GATEWAY_TIMEOUT: UpstreamReason.UNREACHABLE,
}


def value_of(upstream: str, status: int, body: bytes, read: Reader[T]) -> T | None:
    """Return what the answer holds; ``None`` where it holds nothing by intent (204).

    Raises:
        NotFound: there is no such thing (404, 410), or no longer (Hydra's 401).
        BadRequestError: Ory does not understand what it was asked (400).
        OryError: it is no answer to build on.
    """
    if status == HTTPStatus.OK:
        return _read(upstream, body, read)
    if status == HTTPStatus.NO_CONTENT:
        return None
    if status in _GONE:
        if _is_orys(body):
            raise NotFound(upstream)
        detail = f"answered {status}, and not as Ory's admin APIs do: is the URL right?"
        raise OryError(upstream, UpstreamReason.INVALID, detail)
    if status == HTTPStatus.UNAUTHORIZED and _is_expired(body):
        raise NotFound(upstream)
    if status in _REDIRECTS:
        detail = f"answered {status}, a redirect: refused"
        raise OryError(upstream, UpstreamReason.INVALID, detail)
    if status == HTTPStatus.BAD_REQUEST and _is_orys(body):
        raise BadRequestError(upstream)
    reason = _REASONS.get(status, UpstreamReason.INVALID)
    raise OryError(upstream, reason, f"answered {status}")


def error_of(body: bytes) -> Mapping[str, Any] | None:
    """Return the error that an answer explains as Kratos does; ``None`` where it is not so.

    What another service, or one in between, says with the same status is not Kratos' word.
    """
    try:
        answer = _parse(body)
    except (ValueError, RecursionError):
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else None


def _read(upstream: str, body: bytes, read: Reader[T]) -> T:
    try:
        return read(_parse(body))
    except ValidationError as error:
        detail = f"not the expected shape: {_fields(error)}"
    except (ValueError, RecursionError):
        detail = "not JSON"
    raise OryError(upstream, UpstreamReason.INVALID, detail)


def _is_orys(body: bytes) -> bool:
    """Whether a 400, 404 or 410 is Kratos' or Hydra's own word.

    Another service, their own public ports, and each of them asked for the other's things
    answer 404 to every path: taken for "no such session", a wrong URL would sign everybody
    out. Hydra says so in JSON as well: "The requested route does not exist".
    """
    try:
        answer = _parse(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(answer, dict):
        return False
    error = answer.get("error")
    if isinstance(error, dict) and "route" in str(error.get("reason")):
        return False
    return error is not None or "redirect_to" in answer


def _is_expired(body: bytes) -> bool:
    """Whether a 401 is Hydra's word for a login or consent that waited too long.

    Its admin API knows no callers; what refuses one stands in front of it, and does not say so
    in the words of OAuth 2.0.
    """
    try:
        answer = _parse(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("error") == "request_unauthorized"


def _fields(error: ValidationError) -> str:
    messages = error.messages
    return ", ".join(sorted(map(str, messages))) if isinstance(messages, dict) else "no object"


def _parse(body: bytes) -> Any:  # noqa: ANN401  JSON
    return _DECODER.decode(body.decode())


def _finite(text: str) -> float:
    number = float(text)
    if math.isfinite(number):
        return number
    raise ValueError("too large a number")


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
