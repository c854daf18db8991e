"""Routes with their shapes, declared once: what serves requests also writes the OpenAPI 3.1 document."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from scrm import __version__
from scrm.core.access import Actor
from scrm.core.errors import BadInput
from scrm.core.ids import row
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.settings import describe_errors
from scrm.web.schemas import Problem

HUB = web.AppKey("hub", Hub)
ACTOR = web.RequestKey("actor", Actor)
LANGUAGE = web.RequestKey("language", str)
PREFIX = "/api/v1"

Handler = Callable[..., Awaitable[object]]
HandlerT = TypeVar("HandlerT", bound=Handler)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API: who asks, of which hub, in which language."""

    request: web.Request
    hub: Hub
    actor: Actor
    language: str

    def row_id(self, name: str, prefix: str) -> int:
        """The row behind a public id in the path. `NotFound` when it is not one."""
        return row(prefix, self.request.match_info[name])

    def part(self, name: str) -> str:
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path with the models it takes and gives. The handler is called with the call, the query, the body.

    `upload` names the fields of a form that uploads a file; `file` is the file. `gives` is the content type of a file
    that is answered. `headers` are request headers worth knowing, with what they do. A route that is not `served` is
    only described here: its handler answers requests itself.
    """

    method: str
    path: str
    handler: Handler
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    summary: str
    upload: tuple[str, ...]
    gives: str
    headers: Mapping[str, str]
    served: bool


@dataclass(slots=True)
class Routes:
    """The routes of one resource."""

    tag: str
    routes: list[Route] = field(default_factory=list)

    def add(
        self,
        method: str,
        path: str,
        *,
        query: type[BaseModel] | None = None,
        body: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        upload: tuple[str, ...] = (),
        gives: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
        served: bool = True,
    ) -> Callable[[HandlerT], HandlerT]:
        """Declare a handler. Its docstring becomes the summary in the document."""

        def declare(handler: HandlerT) -> HandlerT:
            summary = " ".join((handler.__doc__ or "").split())
            self.routes.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    query=query,
                    body=body,
                    answer=answer,
                    status=status,
                    summary=summary,
                    upload=upload,
                    gives=gives,
                    headers=headers,
                    served=served,
                )
            )
            return handler

        return declare


def mount(app: web.Application, groups: Iterable[Routes]) -> None:
    """Serve the routes under `/api/v1`."""
    for group in groups:
        for route in filter(lambda route: route.served, group.routes):
            app.router.add_route(route.method, PREFIX + route.path, _serve(route))


def document(groups: Iterable[Routes]) -> dict[str, Json]:
    """The OpenAPI 3.1 document."""
    groups = list(groups)
    models = {m for g in groups for r in g.routes for m in (r.query, r.body, r.answer) if m is not None} | {Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    refs, definitions = models_json_schema(
        [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    names = {model: str(refs[model, "validation"]["$ref"]) for model in ordered}
    paths: dict[str, dict[str, Json]] = {}
    for group in groups:
        for route in group.routes:
            paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, group.tag, names)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SCRM Hub",
            "version": __version__,
            "description": "Every channel on one customer timeline. Errors are RFC 9457 problem details.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"session": []}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "scrm_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _serve(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        call = Call(request, request.app[HUB], request[ACTOR], request[LANGUAGE])
        arguments: list[BaseModel] = []
        if route.query is not None:
            arguments.append(_read(route.query, dict(request.query), "query"))
        if route.body is not None:
            arguments.append(_read(route.body, await _json(request), "body"))
        answer = await route.handler(call, *arguments)
        if answer is None:
            return web.Response(status=204)
        if isinstance(answer, web.StreamResponse):
            return answer
        assert isinstance(answer, BaseModel)
        return web.Response(
            status=route.status, body=answer.model_dump_json().encode(), content_type="application/json"
        )

    return serve


async def _json(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise BadInput(f"the body is not JSON: {error}") from error


def _read(model: type[BaseModel], value: object, where: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadInput(f"the {where} cannot be read: {describe_errors(error)}") from error


def _operation(route: Route, tag: str, names: dict[type[BaseModel], str]) -> dict[str, Json]:
    operation: dict[str, Json] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [tag],
        "parameters": _parameters(route),
        "responses": {
            str(route.status if route.answer or route.gives else 204): _answer(route, names),
            "default": {
                "description": "A problem: what happened and what to do.",
                "content": {"application/problem+json": {"schema": {"$ref": names[Problem]}}},
            },
        },
    }
    if route.body is not None:
        content: Json = {"application/json": {"schema": {"$ref": names[route.body]}}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.upload:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": list(route.upload),
                        "properties": {name: _FORM.get(name, {"type": "string"}) for name in route.upload},
                    }
                }
            },
        }
    return operation


_FORM: Mapping[str, Json] = {"file": {"type": "string", "contentMediaType": "application/octet-stream"}}


def _parameters(route: Route) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema()
        required = schema.get("required", [])
        for name, of_field in schema["properties"].items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": of_field})
    for name, description in route.headers.items():
        found.append({"name": name, "in": "header", "description": description, "schema": {"type": "string"}})
    return found


def _answer(route: Route, names: dict[type[BaseModel], str]) -> dict[str, Json]:
    if route.gives:
        return {"description": "The file.", "content": {route.gives: {"schema": {"type": "string"}}}}
    if route.answer is None:
        return {"description": "Done."}
    return {
        "description": "The answer.",
        "content": {"application/json": {"schema": {"$ref": names[route.answer]}}},
    }
