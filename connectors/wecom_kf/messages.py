"""Reading the bodies of KF messages as a person would. Pure.

Bodies: https://developer.work.weixin.qq.com/document/path/94670
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.wecom_platform.reading import Fields, fields_at, filled, list_at, read_object, text_at
from scrm.connector import Json, Message, Unsupported


def message(item: Fields) -> Message | Unsupported:
    """What an item says. A kind that is not known here is `Unsupported`."""
    kind = text_at(item, "msgtype")
    body, read = item.get(kind), _KINDS.get(kind)
    if read is None:
        return Unsupported(provider_kind=kind)
    if not isinstance(body, Mapping):
        return Unsupported(provider_kind=kind, reason=f"消息缺少 {kind} 的内容")
    return read(body)


def _text(body: Fields) -> Message:
    # menu_id: the customer has clicked an item of a menu we sent.
    return Message(text=text_at(body, "content"), media=filled(menu_id=text_at(body, "menu_id")))


def _image(body: Fields) -> Message:
    return _stored("image", "[图片]", body)


def _voice(body: Fields) -> Message:
    return _stored("voice", "[语音]", body)


def _video(body: Fields) -> Message:
    return _stored("video", "[视频]", body)


def _file(body: Fields) -> Message:
    return _stored("file", "[文件]", body)


def _stored(form: str, text: str, body: Fields) -> Message:
    return Message(text=text, form=form, media=filled(media_id=text_at(body, "media_id")))


def _location(body: Fields) -> Message:
    place = _lines("[位置]", text_at(body, "name"), text_at(body, "address"), between=" ")
    media = filled(latitude=body.get("latitude"), longitude=body.get("longitude"))
    return Message(text=place, form="location", media=media)


def _link(body: Fields) -> Message:
    url = text_at(body, "url")
    text = _lines(f"[链接] {text_at(body, 'title')}", text_at(body, "desc"), url)
    return Message(text=text, form="link", media=filled(url=url, picture=text_at(body, "pic_url")))


def _business_card(body: Fields) -> Message:
    userid = text_at(body, "userid")
    return Message(text=f"[名片] {userid}", form="card", media=filled(userid=userid))


def _miniprogram(body: Fields) -> Message:
    media = filled(appid=text_at(body, "appid"), pagepath=text_at(body, "pagepath"))
    return Message(text=f"[小程序] {text_at(body, 'title')}", form="link", media=media)


def _menu(body: Fields) -> Message:
    items = [_menu_item(fields_at(item)) for item in list_at(body, "list")]
    text = _lines(text_at(body, "head_content"), *items, text_at(body, "tail_content"))
    return Message(text=text or "[菜单]", form="menu", media=filled(list=body.get("list")))


def _menu_item(item: Fields) -> str:
    kind = text_at(item, "type")
    content = text_at(item, kind, "content")
    return content if kind == "text" else f"· {content}"


def _channels(body: Fields) -> Message:
    kind = {"1": "动态", "2": "直播", "3": "名片"}.get(text_at(body, "sub_type"), "")
    text = _lines(f"[视频号{kind}]", text_at(body, "nickname"), text_at(body, "title"), between=" ")
    return Message(text=text, form="link", media=body)


def _shop_product(body: Fields) -> Message:
    # The unit of sales_price is not documented well enough to be shown beside prices we check.
    text = _lines("[视频号商品]", text_at(body, "title"), text_at(body, "shop_nickname"), between=" ")
    return Message(text=text, form="card", media=body)


def _shop_order(body: Fields) -> Message:
    names = ("product_titles", "price_wording", "state", "shop_nickname")
    text = _lines("[视频号订单]", *(text_at(body, name) for name in names), between=" ")
    return Message(text=text, form="card", media=body)


def _merged(body: Fields) -> Message:
    items = [_merged_item(fields_at(item)) for item in list_at(body, "item")]
    return Message(text=_lines(f"[聊天记录] {text_at(body, 'title')}", *items), form="merged", media=body)


def _merged_item(item: Fields) -> str:
    sender = text_at(item, "sender_name") or "?"
    return f"{sender}：{_merged_content(text_at(item, 'msg_content'), text_at(item, 'msgtype'))}"


def _merged_content(written: str, kind: str) -> str:
    try:
        inner = message({"msgtype": kind, **read_object(written)})
    except ValueError:
        return f"[{kind}]"
    return inner.text if isinstance(inner, Message) else f"[{kind}]"


def _lines(*parts: str, between: str = "\n") -> str:
    return between.join(filter(None, (part.strip() for part in parts)))


_KINDS: Mapping[str, Callable[[Mapping[str, Json]], Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "file": _file,
    "location": _location,
    "link": _link,
    "business_card": _business_card,
    "miniprogram": _miniprogram,
    "msgmenu": _menu,
    "channels": _channels,
    "channels_shop_product": _shop_product,
    "channels_shop_order": _shop_order,
    "merged_msg": _merged,
}
