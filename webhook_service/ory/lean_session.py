"""A session of ``requests`` without what a call to an admin API has no use for.

No cookies, no redirects, nothing of the environment unless asked for. A request is built
by hand and sent once: half the time of ``Session.get``, and tracing and the ``responses``
library see it all the same.
"""

from __future__ import annotations

import logging
import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict

from webhook_service.ory.connections import BoundAdapter

# urllib3 logs URLs: every one at DEBUG, those with odd response headers at WARNING. A login
# challenge is part of a URL and must not reach a log. What goes wrong is told by OryError.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class LeanSession(requests.Session):
    """Sends requests to one upstream.

    Args:
        base_url: where it is; decides whether TLS is needed, and which proxy.
        connections: how many are kept.
        trust_env: whether proxy and certificate variables of the environment count. They
            are read now, once.
    """

    def __init__(self, base_url: str, connections: int, *, trust_env: bool) -> None:
        super().__init__()
        bundle = None
        if trust_env:
            settings = self.merge_environment_settings(base_url, {}, None, None, None)
            self.proxies = dict(settings["proxies"])
            bundle = settings["verify"] if isinstance(settings["verify"], str) else None
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        tls = _tls(bundle) if base_url.startswith("https://") else None
        adapter = BoundAdapter(connections, tls)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say there is none. Else requests reads a redirect's whole body, whatever its size."""

    def send_lean(
        self,
        method: str,
        url: str,
        headers: CaseInsensitiveDict[str],
        seconds: float,
        body: bytes | None = None,
    ) -> requests.Response:
        """Send a request. The answer's body is not read yet.

        Raises:
            requests.RequestException: as requests does, and what it lets through.
        """
        request = requests.PreparedRequest()
        request.method = method
        request.url = url
        request.headers = headers
        request.hooks = default_hooks()
        if body is not None:
            request.body = body
            headers["Content-Length"] = str(len(body))
        return self.send(
            request,
            stream=True,
            timeout=seconds,
            allow_redirects=False,
            proxies=self.proxies,
            verify=True,
            cert=None,
        )


def _tls(bundle: str | None) -> ssl.SSLContext:
    """Make the context that verifies an upstream's certificate and its name."""
    bundle = bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
