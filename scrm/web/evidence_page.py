"""The page of an evidence ZIP: one file that any browser shows, without the hub and without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files

from scrm.core.price_book import CHINA
from scrm.services.evidence import Proven
from scrm.store.prices import PriceVersion
from scrm.web.schemas import CaseDetail, CaseFindingOut, EntryOut, EvidenceOut, PromotionOut

README = """\
证据包说明

index.html      用浏览器打开即可阅读，不需要网络，也不需要本系统。
case.json       同样的内容，供程序读取（格式见系统文档 audit-log.md）。
messages.jsonl  涉及的每条消息的原文、历次修改和当时的随机盐。
audit.jsonl     审计日志里与本案有关的记录。
proofs.json     每条记录确实在日志里的证明（RFC 9162）。
checkpoint.txt  已签名的检查点（C2SP tlog-checkpoint）。
audit.pub       签名公钥。请与事先另外保存的公钥核对：包里的公钥只能证明前后一致。
verify.mjs      独立的校验程序，只需 Node.js 18 以上，不依赖本系统：

    node verify.mjs .

退出码 0：消息原文和日志记录与签名一致；1：被改动；2：有一部分尚未签名；3：读不了。
"""

_STATES = {
    "new": "待领取",
    "claimed": "已领取",
    "second_look": "待复核",
    "escalated": "已上报",
    "decided": "已判定",
    "remedied": "已补救",
    "closed": "已结案",
    "kept": "存档",
}
_VERDICTS = {
    "violation": "违规",
    "policy_breach": "违反内部规定",
    "false_positive": "误报",
    "insufficient_evidence": "证据不足",
    "nothing_found": "未发现问题",
}
_REASONS = {
    "extraction": "读错了金额或内容",
    "wrong_product": "认错了商品",
    "not_comparable": "不可比",
    "negation": "否定句",
    "superseded": "已被更正",
    "other": "其他",
    "no_intent": "没有欺诈故意",
    "buyer_got_more": "对买方有利",
    "rounding": "四舍五入",
}
_REMEDIES = {
    "honour_price": "按原报价履约",
    "refund_difference": "退还差价",
    "correction_sent": "向客户更正",
    "training": "培训辅导",
    "apology": "致歉",
    "none_needed": "无需补救",
}
_ACTIONS = {
    "opened": "发现",
    "drawn": "抽样",
    "referred": "转来复核",
    "evidence_joined": "又有新证据",
    "claimed": "领取",
    "assigned": "转交",
    "released": "放回队列",
    "judged": "作出判定",
    "escalated": "上报",
    "decided": "判定成立",
    "overdue": "超时提醒",
    "remedied": "补救",
    "closed": "结案",
    "reopened": "重新打开",
}
_SPEAKERS = {
    "customer": "客户",
    "rep": "销售",
    "agent": "客服",
    "bot": "机器人",
    "broadcast": "群发",
    "system": "系统",
}
_LINKS = {"named": "原文点名", "context": "由前文判断", "amount": "由金额判断", "unknown": "无法判断"}
_FIGURES = {
    "earlier_price": "先前报价",
    "price": "这次报价",
    "list_price": "标价",
    "expected": "应为",
    "floor": "最低可报",
    "promotion_price": "活动价",
    "difference": "相差",
    "ratio": "相差比例",
}
_SAME = {"customer": "同一客户", "rep": "同一员工", "both": "同一客户、同一员工"}
_STYLE = files("scrm.web").joinpath("evidence.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Page:
    """All of a case on one page."""

    detail: CaseDetail
    prices: Sequence[PriceVersion]
    proven: Proven
    exported_by: str
    exported_at: datetime

    def html(self) -> str:
        parts = (
            *self._head(),
            *(part for number, one in enumerate(self.detail.evidence, 1) for part in self._finding(number, one)),
            *self._prices(),
            *self._told_since(),
            *self._looks(),
            *self._prior(),
            *self._chain(),
        )
        title = escape(f"案件 {self.detail.id}")
        return (
            '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
        )

    def _head(self) -> Iterator[str]:
        case = self.detail
        verdict = _VERDICTS.get(case.verdict or "", "尚无")
        reason = f"（{_REASONS.get(case.verdict_reason, case.verdict_reason)}）" if case.verdict_reason else ""
        yield f"<h1>{escape(case.rule_name)}：{escape(case.customer_name or '未具名客户')}</h1>"
        yield f"<p>{escape(case.summary)}</p>"
        yield _facts(
            ("案件", case.id),
            ("规则", f"{case.rule_name}（{case.rule}）"),
            ("商品", f"{case.product}（{case.sku}）" if case.sku else "不涉及"),
            ("严重程度", case.severity),
            ("涉及金额", f"{case.exposure:f} 元"),
            ("状态", _STATES.get(case.state, case.state)),
            ("判定", verdict + reason),
            ("立案", _time(case.opened_at)),
            ("相关人员", "、".join(case.reps)),
            ("渠道", "、".join(case.channels)),
            ("导出", f"{_time(self.exported_at)}，{self.exported_by}"),
        )

    def _finding(self, number: int, finding: CaseFindingOut) -> Iterator[str]:
        version = f"，版本 {finding.rule_version}" if finding.rule_version else ""
        yield f"<h2>发现 {number}：{escape(finding.rule_name)} <small>{escape(finding.severity)}</small></h2>"
        yield f"<p>{escape(finding.explanation)}</p>"
        yield f'<p class="quiet">规则 {escape(finding.rule + version)}。{escape(finding.ground or "")}</p>'
        if finding.against is not None:
            yield "<h3>先前</h3>" + _statement(finding.against)
        yield "<h3>这次</h3>" + _statement(finding.said, "now")
        if finding.arithmetic:
            yield _table(("计算", "数值"), [(_FIGURES[one.name], one.value) for one in finding.arithmetic])
        readings = [*finding.against_readings, *finding.said_readings]
        if readings:
            yield "<h3>系统的理解</h3>" + _table(
                ("原文", "含义", "数值", "把握", "商品", "商品如何判断", "条件与期限"),
                [
                    (
                        one.words,
                        one.kind,
                        f"{one.value if one.value is not None else ''} {one.unit or ''}",
                        f"{one.confidence:.2f}",
                        one.product or "",
                        f"{_LINKS[one.link]}（{one.link_confidence:.2f}）",
                        "，".join(
                            filter(None, (one.condition, f"到 {_time(one.valid_until)}" if one.valid_until else ""))
                        ),
                    )
                    for one in readings
                ],
            )
        if finding.acknowledged_reason:
            yield f"<p>发送前系统已提示，发送人写的理由：{escape(finding.acknowledged_reason)}</p>"
        if finding.against is not None:
            yield "<h3>先前那条的上下文</h3>" + _talk(finding.context_against, finding.against.entry_id)
        yield "<h3>这条的上下文</h3>" + _talk(finding.context_said, finding.said.entry_id)

    def _prices(self) -> Iterator[str]:
        if not self.detail.price_book:
            return
        why = {version.recorded_at: version.reason for version in self.prices}
        yield "<h2>当时有效的价目</h2>" + _table(
            ("商品", "标价", "活动", "生效", "录入", "批准", "理由"),
            [
                (
                    f"{one.name}（{one.sku}）",
                    f"{one.list_price:f} 元" + (f"/{one.unit}" if one.unit else ""),
                    "；".join(
                        f"{deal.name} {_deal(deal)}"
                        f" {_time(deal.starts_at)} 至 {_time(deal.ends_at)} {deal.condition or ''}"
                        for deal in one.promotions
                    ),
                    f"{_time(one.valid_from) or '录入起'} 至 {_time(one.valid_to) or '无期限'}",
                    f"{_time(one.recorded_at)} {one.recorded_by}",
                    one.approved_by,
                    why.get(one.recorded_at, ""),
                )
                for one in self.detail.price_book
            ],
        )

    def _told_since(self) -> Iterator[str]:
        if self.detail.told_since:
            yield "<h2>此后又告诉客户的价格</h2>"
            yield from (_statement(one) for one in self.detail.told_since)

    def _looks(self) -> Iterator[str]:
        case = self.detail
        if case.looks:
            yield "<h2>判定</h2>" + _table(
                ("轮次", "第几次", "判定", "原因", "说明", "判定人", "时间"),
                [
                    (
                        str(one.round),
                        str(one.look),
                        _VERDICTS[one.verdict],
                        _REASONS.get(one.reason, one.reason),
                        one.note,
                        one.by,
                        _time(one.at),
                    )
                    for one in case.looks
                ],
            )
        if case.remedied is not None:
            done = case.remedied
            told = f"{_REMEDIES[done.kind]}：{done.note}（{done.by}，{_time(done.at)}）"
            yield f"<h2>补救</h2><p>{escape(told)} {escape(done.entry_id or '')}</p>"
        yield "<h2>经过</h2>" + _table(
            ("时间", "谁", "做了什么", "说明"),
            [(_time(one.at), one.actor or "系统", _ACTIONS[one.action], one.note) for one in case.history],
        )

    def _prior(self) -> Iterator[str]:
        if self.detail.prior_cases:
            yield "<h2>此前的案件</h2>" + _table(
                ("案件", "关系", "客户", "规则", "程度", "状态", "判定", "立案"),
                [
                    (
                        one.id,
                        _SAME[one.same],
                        one.customer_name,
                        one.rule_name,
                        one.severity,
                        _STATES.get(one.state, one.state),
                        _VERDICTS.get(one.verdict or "", ""),
                        _time(one.opened_at),
                    )
                    for one in self.detail.prior_cases
                ],
            )

    def _chain(self) -> Iterator[str]:
        yield "<h2>在审计日志里的位置</h2>"
        note = self.proven.note
        if note is None:
            yield "<p>日志还没有签过名：下列记录可以核对前后一致，不能证明没有被整体替换。</p>"
        else:
            yield (
                f"<p>检查点：共 {note.checkpoint.size:,} 条，{_time(note.checkpoint.at)} 签名，"
                f"日志 {escape(note.checkpoint.origin)}。用包内的 verify.mjs 可以独立校验。</p>"
            )
        yield _table(
            ("序号", "时间", "谁", "动作", "对象", "哈希"),
            [
                (str(one.seq), _time(one.at), one.actor, one.action, one.object_id, one.entry.hex())
                for one in self.proven.links
            ],
            code=5,
        )


def _deal(deal: PromotionOut) -> str:
    return f"{deal.price:f} 元" if deal.price is not None else f"标价的 {deal.ratio:f}"


def _facts(*facts: tuple[str, str]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts if value)
    return f"<table>{rows}</table>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, code: int | None = None) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(_cell(cell, place == code) for place, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(text: str, is_code: bool) -> str:
    return f"<td><code>{escape(text)}</code></td>" if is_code else f"<td>{escape(text)}</td>"


def _statement(one: EvidenceOut, kind: str = "") -> str:
    until = f"，有效至 {_time(one.valid_until)}" if one.valid_until else ""
    who = f"{_SPEAKERS.get(one.speaker, one.speaker)} {one.actor_name}".strip()
    head = f"{_time(one.at)}，{one.channel_label}，{who}{until}"
    name = f' class="{kind}"' if kind else ""
    return (
        f'<p class="quiet">{escape(head)}，消息 <code>{escape(one.entry_id)}</code></p>'
        f"<blockquote{name}>{_marked(one.text, one.start, one.end)}</blockquote>"
    )


def _marked(text: str, start: int | None, end: int | None) -> str:
    if start is None or end is None:
        return escape(text)
    return f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"


def _talk(entries: Sequence[EntryOut], this: str) -> str:
    rows = "".join(_turn(entry, is_this=entry.id == this) for entry in entries)
    return f'<table class="talk"><tr><th>时间</th><th>渠道</th><th>谁</th><th>说了什么</th></tr>{rows}</table>'


def _turn(entry: EntryOut, *, is_this: bool) -> str:
    who = f"{_SPEAKERS[entry.speaker]} {entry.actor_name}".strip()
    received = f"（{_time(entry.received_at)} 收到）" if (entry.received_at - entry.at).total_seconds() >= 60 else ""
    earlier = "".join(
        f'<br><span class="quiet">{_CHANGES[one.change]}于 {_time(one.at)}，原文：{escape(one.text)}</span>'
        for one in entry.versions
    )
    cells = (_time(entry.at) + received, entry.channel_label, who)
    name = ' class="this"' if is_this else ""
    return f"<tr{name}>{''.join(_cell(cell, False) for cell in cells)}<td>{escape(entry.text)}{earlier}</td></tr>"


_CHANGES: Mapping[str, str] = {"edited": "修改", "recalled": "撤回"}


def _time(at: datetime | None) -> str:
    """China's time, with its zone."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S +08:00") if at else ""
