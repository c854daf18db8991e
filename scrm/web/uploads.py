"""Files that are sent to the API as forms."""

from __future__ import annotations

from urllib.parse import unquote

from aiohttp import BodyPartReader

from scrm.core.errors import BadInput
from scrm.web.openapi import Call


async def read_upload(call: Call, *, largest: int) -> tuple[str, bytes, dict[str, str]]:
    """(the file's name, its content, the other fields). `BadInput` when there is no file, or more than `largest` bytes
    of it.
    """
    if not call.request.content_type.startswith("multipart/"):
        raise BadInput("send the file as multipart/form-data in a field called file")
    name, content, fields = "", bytearray(), {}
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name != "file":
            fields[part.name or ""] = await part.text()
            continue
        name = unquote(part.filename or "file")
        while chunk := await part.read_chunk(256 * 1024):
            content += chunk
            if len(content) > largest:
                raise BadInput(f"the file is larger than {largest // 1024 // 1024} MiB: split it")
    if not name:
        raise BadInput("the form has no field called file")
    return name, bytes(content), fields
