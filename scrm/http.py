"""The one outbound HTTP client: time-outs, bounded answers, and a guard against addresses inside our own network."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from scrm.connector import HttpResponse
from scrm.core.errors import BadInput, ChannelUnavailable
from scrm.core.timeline import Json

_LARGEST_ANSWER = 32 * 1024 * 1024


class Http:
    """Implements `scrm.connector.HttpClient`. With `public_only`, private, loopback and link-local targets are refused
    at the moment of connecting, so that a name that changes its address cannot slip through.
    """

    def __init__(self, *, public_only: bool = False) -> None:
        self._public_only = public_only
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Json = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> HttpResponse:
        """One request, no redirects followed. `ChannelUnavailable` when no answer came in time."""
        if self._public_only:
            refuse_private(url)
        try:
            async with self._opened().request(
                method,
                url,
                params=params,
                json=json,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                content = await _read(response)
                lower = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(status=response.status, headers=lower, body=content)
        except TimeoutError as error:
            raise ChannelUnavailable(f"{URL(url).host} did not answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ChannelUnavailable(f"{URL(url).host} cannot be reached: {error}") from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = _PublicResolver() if self._public_only else None
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=200, limit_per_host=50, resolver=resolver),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body; an answer beyond all measure is refused rather than cut."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _LARGEST_ANSWER:
            raise ChannelUnavailable(f"{response.url.host} answered with more than {_LARGEST_ANSWER >> 20} MiB")
    return bytes(content)


def refuse_private(url: str) -> None:
    """`BadInput` when the URL names an address inside a private network directly."""
    host = URL(url).host or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            raise BadInput(f"{host} is this machine itself: webhooks go to public addresses only") from None
        return
    _refuse(address, host)


class _PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that lead inside."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            _refuse(ipaddress.ip_address(result["host"]), host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _refuse(address: ipaddress.IPv4Address | ipaddress.IPv6Address, host: str) -> None:
    if not address.is_global:
        raise BadInput(f"{host} is the private address {address}: webhooks go to public addresses only")
