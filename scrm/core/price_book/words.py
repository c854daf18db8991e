"""Faults and changes as sentences, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from scrm.core.price_book.changes import Change
from scrm.core.price_book.faults import ROLES, Fault

_FAULTS: Mapping[str, tuple[str, str]] = {
    # What cannot be recorded.
    "missing": ("必须填写", "has to be filled in"),
    "taken_sku": ("“{text}”是系统保留的词，请换一个编码", "{text!r} is a word of the API: take another"),
    "too_long": ("太长，最多 {longest} 个字", "too long: at most {longest} characters"),
    "control_characters": ("含有看不见的控制字符，请重新输入", "holds control characters that cannot be seen"),
    "alias_separator": (
        "别名“{text}”里不能有顿号、逗号、分号、竖线或换行，它们用来分隔别名",
        "alias {text!r} holds a separator of aliases (、 , ; | or a line break)",
    ),
    "negative": ("{value} 是负数，价格不能小于 0", "{value} is negative"),
    "too_large": ("{value} 超过 999,999,999，请核对单位和位数", "{value} is more than 999,999,999"),
    "too_precise": ("{value} 的小数超过 4 位", "{value} has more than four decimals"),
    "floor_above_list": ("底价 {floor} 高于标价 {list_price}", "floor {floor} is above the list price {list_price}"),
    "promotion_above_list": (
        "活动价 {price} 高于标价 {list_price}",
        "promotion price {price} is above the list price {list_price}",
    ),
    "ends_before_start": ("结束（{to}）不晚于开始（{from}）", "ends ({to}) before it starts ({from})"),
    "overlapping": (
        "与活动“{name}”（{from} 至 {to}）时间重叠而条件相同，分不清以哪个价格为准；请错开时间或写明不同的条件",
        "overlaps the promotion {name!r} ({from} to {to}) under the same condition: which price counts is unclear",
    ),
    "price_or_ratio": ("活动价和折扣要填一个，且只填一个", "give either a price or a ratio, not both"),
    "not_a_ratio": (
        "{value} 不是 0 到 1 之间的折扣（85 折是 0.85）",
        "{value} is not a share to pay between 0 and 1 (0.85 for 15 % off)",
    ),
    # What cannot be read in a file.
    "no_header": (
        "前 20 行里没有表头。表头至少要有“商品编码”一列，可以下载模板对照",
        "no header in the first 20 rows: it needs at least a column SKU; the template shows how",
    ),
    "unknown_column": (
        "不认识这一列。可用的列：{known}",
        "this column is unknown. Columns are: {known}",
    ),
    "unnamed_column": ("这一列有内容却没有列名", "this column has content but no name"),
    "duplicate_column": ("这一列出现了两次", "this column is there twice"),
    "unknown_kind": (
        "“{text}”不是行的类型，请写“商品”或“活动”",
        "{text!r} is no type of row: write product or promotion",
    ),
    "product_row": ("商品行不填这一列；活动另起一行", "a row of a product leaves this column empty"),
    "promotion_row": ("活动行不填这一列", "a row of a promotion leaves this column empty"),
    "not_money": ("“{text}”不是金额，请写成 3999 或 3,999.00", "{text!r} is no amount such as 3999 or 3,999.00"),
    "not_a_discount": (
        "“{text}”不是折扣，请写成 8.5折、85% 或 0.85",
        "{text!r} is no discount: write 0.85 or 85% (the share to pay)",
    ),
    "ambiguous_discount": (
        "“1”可以是 1 折，也可以是不打折，请写成 1折 或 10折",
        "1 may mean 10 % or 100 %: write 10% or 100%",
    ),
    "not_a_time": (
        "“{text}”不是日期，请写成 2026-06-18 或 2026-06-18 20:00（北京时间）",
        "{text!r} is no date such as 2026-06-18 or 2026-06-18 20:00 (Beijing time)",
    ),
    "not_yes_or_no": ("“{text}”请写“是”或“否”", "{text!r}: write yes or no"),
    "formula": (
        "公式没有计算结果。请在 Excel 中打开并保存一次，或粘贴为数值",
        "the formula has no result: open and save the file in Excel once, or paste values",
    ),
    "formula_error": ("公式出错：{text}", "the formula ends in an error: {text}"),
    "duplicate_sku": ("与第 {row} 行是同一个商品编码，一个商品只写一行", "the same SKU as in row {row}"),
    "unknown_sku": (
        "没有这个商品：文件的商品行和价格库里都没有",
        "no such product, neither in the file nor in the price book",
    ),
    "nothing": ("没有任何商品或活动的行", "there is no row of a product or a promotion"),
    # What is worth a second look.
    "shared_alias": (
        "“{text}”也是商品“{product}”（{sku}）的名称；聊天里只说这个名称时，两个商品都会被考虑",
        "{text!r} is a name of {product} ({sku}) too: where only it is said, both products are considered",
    ),
    "corrects_past": (
        "从过去的时间（{from}）起生效，属于更正历史；批准后，重新核查这段时间的话时按更正后的价格",
        "valid from the past ({from}): it corrects history, and later checks of that time use it",
    ),
    "covers_later": (
        "会盖过 {from} 起已经排定的版本",
        "covers what is already planned from {from} on",
    ),
    "unknown_role": (
        "“{role}”不是系统里的角色，这条底价可能用不上",
        "{role!r} is no role of this system: the floor may never apply",
    ),
    "promotion_below_floor": (
        "活动价 {price} 低于底价 {floor}；活动期间按活动价报价不算低于底价",
        "promotion price {price} is below the floor {floor}; while it runs, quoting it is no breach of the floor",
    ),
    "promotion_left_out": (
        "文件里没有写正在进行或将要进行的活动“{name}”，导入后它将从价格库移除",
        "the file leaves out the promotion {name!r}, which runs or will run: importing removes it",
    ),
}
_FIELDS: Mapping[str, tuple[str, str]] = {
    "kind": ("类型", "Type"),
    "sku": ("商品编码", "SKU"),
    "name": ("名称", "Name"),
    "aliases": ("别名", "Aliases"),
    "list_price": ("标价", "List price"),
    "unit": ("单位", "Unit"),
    "price": ("活动价", "Promotion price"),
    "ratio": ("折扣", "Discount"),
    "condition": ("条件", "Condition"),
    "starts_at": ("开始时间", "Starts"),
    "ends_at": ("结束时间", "Ends"),
    "valid_from": ("生效时间", "Valid from"),
    "valid_to": ("有效至", "Valid to"),
    "withdrawn": ("停用", "Withdrawn"),
    "promotions": ("活动", "Promotions"),
}
_CHANGES: Mapping[str, tuple[str, str]] = {
    "added": ("新商品，标价 {after} 元", "new product, list price {after}"),
    "restored": ("恢复销售，标价 {after} 元", "on sale again, list price {after}"),
    "withdrawn": ("停用：不再销售", "withdrawn from sale"),
    "name": ("名称：{before} → {after}", "name: {before} → {after}"),
    "list_price": ("标价：{before} → {after} 元", "list price: {before} → {after}"),
    "unit": ("单位：{before} → {after}", "unit: {before} → {after}"),
    "alias_added": ("增加别名“{subject}”", "alias {subject!r} added"),
    "alias_removed": ("去掉别名“{subject}”", "alias {subject!r} removed"),
    "promotion_added": ("新活动“{subject}”：{after}", "new promotion {subject!r}: {after}"),
    "promotion_changed": ("活动“{subject}”：{before} → {after}", "promotion {subject!r}: {before} → {after}"),
    "promotion_removed": ("移除活动“{subject}”（{before}）", "promotion {subject!r} removed ({before})"),
    "floor": ("{subject}底价：{before} → {after}", "floor of {subject}: {before} → {after}"),
    "valid_from": ("生效时间：{after}", "valid from {after}"),
    "valid_to": ("有效至：{after}", "valid to {after}"),
}
_NONE = ("无", "none")


def fault_text(fault: Fault, language: str) -> str:
    """The fault as a sentence."""
    return _spoken(_FAULTS[fault.code], language).format_map(fault.facts)


def field_name(field: str, language: str) -> str:
    """The column a person knows the field by."""
    _, dot, role = field.partition(".")
    if dot:
        return f"底价（{role_name(role, language)}）" if language == "zh-CN" else f"Floor ({role})"
    return _spoken(_FIELDS[field], language) if field in _FIELDS else field


def change_text(change: Change, language: str) -> str:
    """The change as a sentence."""
    none = _spoken(_NONE, language)
    subject = role_name(change.subject, language) if change.kind == "floor" else change.subject
    template = _spoken(_CHANGES[change.kind], language)
    return template.format_map({"subject": subject, "before": change.before or none, "after": change.after or none})


def role_name(role: str, language: str) -> str:
    return ROLES.get(role, role) if language == "zh-CN" else role


def _spoken(texts: tuple[str, str], language: str) -> str:
    return texts[0 if language == "zh-CN" else 1]
