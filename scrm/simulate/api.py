"""The provider's API over HTTP: every call is logged, struck by faults, checked for its token, then answered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import hdrs, web
from pydantic import JsonValue

from scrm.simulate import archive, contacts_api, kf_api, media_api, tokens
from scrm.simulate.calls import Call
from scrm.simulate.commands import AddFault
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.wire import ApiError, JsonObject, decode_object, encode_json, refusal, success
from scrm.simulate.world import App, KfAccount, LoggedRequest, MediaFile

SIM = web.AppKey("sim", SimulatedWeCom)

Handler = Callable[[Call], JsonObject]

ENDPOINTS: Mapping[str, Handler] = {
    "externalcontact/get_follow_user_list": contacts_api.list_followers,
    "externalcontact/list": contacts_api.list_customers,
    "externalcontact/get": contacts_api.get_customer,
    "externalcontact/batch/get_by_user": contacts_api.get_by_members,
    "user/get": contacts_api.get_member,
    "user/simplelist": contacts_api.list_members,
    "department/list": contacts_api.list_departments,
    "kf/account/list": kf_api.list_accounts,
    "kf/servicer/list": kf_api.list_servicers,
    "kf/sync_msg": kf_api.sync_msg,
    "kf/send_msg": kf_api.send_msg,
    "kf/send_msg_on_event": kf_api.send_msg_on_event,
    "kf/service_state/get": kf_api.get_service_state,
    "kf/service_state/trans": kf_api.change_service_state,
    "kf/customer/batchget": kf_api.get_customers,
    "media/upload": media_api.upload,
}
"""What is answered under `/cgi-bin/`, besides `gettoken` and `media/get`; anything else is a 404."""

FINANCE: Mapping[str, Callable[[SimulatedWeCom, JsonObject], JsonObject]] = {
    "get_chat_data": archive.get_chat_data,
    "decrypt_data": archive.decrypt_data,
    "get_media": archive.get_media,
}
"""The functions of the native archive SDK, under `/_sim/finance/`."""

FATAL = frozenset({40001, 40013, 40058, 40063, 41050, 41051, 47001, 48002, 60020, 95001, 95002, 95018})
"""Answers after which the same call makes no sense; making it again within a minute is a violation."""

_JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered with: an object, or a file."""

    fields: JsonObject
    file: MediaFile | None = None


def add_routes(app: web.Application) -> None:
    app.router.add_route("*", "/cgi-bin/{endpoint:.+}", _answer_api)
    app.router.add_post("/_sim/finance/{function}", _answer_finance)


async def _answer_api(request: web.Request) -> web.StreamResponse:
    sim, endpoint = request.app[SIM], request.match_info["endpoint"]
    # The body of an upload can be read only once, by the one who takes it apart.
    raw = b"" if endpoint == "media/upload" else await request.read()
    query = {name: value for name, value in request.query.items() if name != "access_token"}
    if endpoint not in ENDPOINTS and endpoint not in {"gettoken", "media/get"}:
        _log(sim, request, endpoint, "", query, _logged_body(raw), 0, "404")
        return web.Response(status=404, text="404 page not found")
    app = _app_or_none(sim, endpoint, request.query)
    pulled = _pulled_account(sim, endpoint, app, raw)
    with _Pulling(sim, pulled):
        return await _struck_or_answered(sim, request, endpoint, app, query, raw)


async def _struck_or_answered(
    sim: SimulatedWeCom, request: web.Request, endpoint: str, app: App | None, query: dict[str, str], raw: bytes
) -> web.StreamResponse:
    name = app.name if app else ""
    await asyncio.sleep(sim.settings.latency_s)
    fault = await _strike(sim, endpoint, name)
    if fault is not None and fault.kind != "truncated":
        _log(sim, request, endpoint, name, query, _logged_body(raw), _fault_code(fault), fault.kind)
        return _broken(sim, request, fault)
    try:
        answer = await _answered(sim, request, endpoint, query, raw)
    except ApiError as error:
        _watch_refusal(sim, endpoint, name, query, raw, error.code)
        answer = Answer(fields=_refused(sim, request, error))
    code = answer.fields.get("errcode", 0)
    _log(sim, request, endpoint, name, query, _logged_body(raw), code if isinstance(code, int) else 0, "answered")
    if answer.file is not None:
        return _file_response(answer.file)
    body = encode_json(answer.fields)
    return _response(body[: len(body) // 2] if fault is not None else body)


async def _answered(
    sim: SimulatedWeCom, request: web.Request, endpoint: str, query: dict[str, str], raw: bytes
) -> Answer:
    remote = request.remote or ""
    if endpoint == "gettoken":
        return Answer(fields=_success(sim, tokens.get_token(sim, query, remote)))
    corp, app = tokens.app_of(sim, request.query.get("access_token", ""))
    _check_access(sim, app, endpoint, remote)
    upload = await _upload(request) if endpoint == "media/upload" else None
    body = decode_object(raw) if request.method == hdrs.METH_POST and upload is None else {}
    call = Call(sim=sim, corp=corp, app=app, query=query, body=body, upload=upload)
    if endpoint == "media/get":
        return Answer(fields={}, file=media_api.fetch(call))
    return Answer(fields=_success(sim, ENDPOINTS[endpoint](call)))


async def _answer_finance(request: web.Request) -> web.StreamResponse:
    sim, function = request.app[SIM], request.match_info["function"]
    endpoint = f"finance/{function}"
    if function not in FINANCE:
        return web.Response(status=404, text="404 page not found")
    raw = await request.read()
    fault = await _strike(sim, endpoint, "")
    if fault is not None and fault.kind not in {"truncated", "errcode"}:
        return _broken(sim, request, fault)
    try:
        if fault is not None and fault.kind == "errcode":
            raise ApiError(fault.errcode)
        fields: JsonObject = {"errcode": 0, "errmsg": "ok", **FINANCE[function](sim, decode_object(raw))}
    except ApiError as error:
        # The native SDK answers with a number of its own range, whatever was wrong with the call.
        fields = {"errcode": error.code if error.code <= 10011 else 10000, "errmsg": str(error)}
    _log(sim, request, endpoint, "archive", {}, _logged_body(raw), int(str(fields["errcode"])), "answered")
    body = encode_json(fields)
    return _response(body[: len(body) // 2] if fault is not None and fault.kind == "truncated" else body)


class _Pulling:
    """Counts the sync calls in flight for an account: a second one is a violation."""

    def __init__(self, sim: SimulatedWeCom, account: KfAccount | None) -> None:
        self._sim = sim
        self._account = account

    def __enter__(self) -> None:
        if self._account is None:
            return
        self._account.pulling += 1
        if self._account.pulling > 1:
            self._sim.blame("concurrent-sync", f"two sync_msg at once for {self._account.open_kfid}")

    def __exit__(self, *_: object) -> None:
        if self._account is not None:
            self._account.pulling -= 1


async def _strike(sim: SimulatedWeCom, endpoint: str, app: str) -> AddFault | None:
    struck = None
    for fault in sim.faults.take(endpoint, app):
        if fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        else:
            struck = fault
    return struck


def _fault_code(fault: AddFault) -> int:
    return fault.errcode if fault.kind == "errcode" else 0


def _broken(sim: SimulatedWeCom, request: web.Request, fault: AddFault) -> web.StreamResponse:
    if fault.kind == "errcode":
        return _response(encode_json(_refused(sim, request, ApiError(fault.errcode))))
    if fault.kind == "status":
        return web.Response(status=fault.status, text="bad gateway")
    if fault.kind == "html":
        return web.Response(text="<html><body>系统维护中</body></html>", content_type="text/html")
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _check_access(sim: SimulatedWeCom, app: App, endpoint: str, remote: str) -> None:
    if app.allowed_ips and remote not in app.allowed_ips:
        raise ApiError(60020)
    if endpoint in app.denied:
        raise ApiError(48002)
    calls = sim.count_call(f"api:{app.corp_id}:{endpoint}", within=timedelta(minutes=1))
    if calls > sim.settings.api_per_minute:
        sim.blame("too-many-calls", f"{endpoint} more than {sim.settings.api_per_minute} times a minute", app.name)
        raise ApiError(45009)


def _app_or_none(sim: SimulatedWeCom, endpoint: str, query: Mapping[str, str]) -> App | None:
    if endpoint == "gettoken":
        apps = (app for corp in sim.corps.values() for app in corp.apps.values())
        return next((app for app in apps if app.secret == query.get("corpsecret")), None)
    try:
        return tokens.app_of(sim, query.get("access_token", ""))[1]
    except ApiError:
        return None


def _pulled_account(sim: SimulatedWeCom, endpoint: str, app: App | None, raw: bytes) -> KfAccount | None:
    if endpoint != "kf/sync_msg" or app is None:
        return None
    body = _logged_body(raw)
    open_kfid = body.get("open_kfid") if isinstance(body, dict) else ""
    return sim.corps[app.corp_id].kf_accounts.get(str(open_kfid))


def _watch_refusal(sim: SimulatedWeCom, endpoint: str, app: str, query: dict[str, str], raw: bytes, code: int) -> None:
    if code not in FATAL:
        return
    key = hashlib.sha256(repr((endpoint, app, sorted(query.items()), raw)).encode()).hexdigest()
    now, last = sim.clock.now(), sim.refused.get(key)
    sim.refused[key] = now
    if last is not None and now - last < timedelta(minutes=1):
        sim.blame("retried-after-refusal", f"{endpoint} was called again unchanged after {code}", app)


async def _upload(request: web.Request) -> tuple[str, str, bytes] | None:
    form = await request.post()
    field = form.get("media")
    if not isinstance(field, web.FileField):
        return None
    return field.filename, field.content_type, field.file.read()


def _success(sim: SimulatedWeCom, fields: JsonObject) -> JsonObject:
    return success(fields, extra_fields=sim.settings.extra_fields)


def _refused(sim: SimulatedWeCom, request: web.Request, error: ApiError) -> JsonObject:
    hint = f"{sim.clock.seconds()}_{len(sim.requests)}"
    return refusal(error.code, detail=error.detail, hint=hint, remote=request.remote or "")


def _response(body: bytes) -> web.Response:
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: _JSON})


def _file_response(file: MediaFile) -> web.Response:
    headers = {hdrs.CONTENT_TYPE: file.content_type, hdrs.CONTENT_DISPOSITION: f'attachment; filename="{file.name}"'}
    return web.Response(body=file.content, headers=headers)


def _logged_body(raw: bytes) -> JsonValue:
    try:
        return decode_object(raw)
    except (ApiError, UnicodeDecodeError):
        return f"({len(raw)} bytes)"


def _log(
    sim: SimulatedWeCom,
    request: web.Request,
    endpoint: str,
    app: str,
    query: dict[str, str],
    body: JsonValue,
    errcode: int,
    outcome: str,
) -> None:
    shown = {name: "***" if name == "corpsecret" else value for name, value in query.items()}
    sim.requests.append(
        LoggedRequest(
            at=sim.clock.now(),
            method=request.method,
            endpoint=endpoint,
            app=app,
            query=shown,
            body=body,
            errcode=errcode,
            outcome=outcome,
        )
    )
