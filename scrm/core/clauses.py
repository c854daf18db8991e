"""Reading a message clause by clause: where words end, what is negated, what is asked, what is only courtesy."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where something was found. `gap`: found in parts; `shape`: found by shape, so words do not matter."""

    start: int
    end: int
    gap: bool = False
    shape: bool = False


class Reading:
    """A message being read; what costs something is found out once, when it is first needed.

    `cut` takes the text apart into the words of a dictionary.
    """

    def __init__(self, text: str, cut: Callable[[str], Iterable[str]]) -> None:
        self.text = text
        self._cut = cut

    @cached_property
    def _word_ends(self) -> frozenset[int]:
        ends, place = [0], 0
        for word in self._cut(self.text):
            place += len(word)
            ends.append(place)
        return frozenset(ends)

    @cached_property
    def _negations(self) -> list[tuple[int, int, bool]]:
        """(start, end, whether a question lifts it)."""
        return [
            (match.start(group), match.end(group), group == "lifted")
            for match in _NEGATION.finditer(self.text)
            if (group := match.lastgroup) in {"firm", "lifted"}
        ]

    def is_word(self, hit: Hit) -> bool:
        """Whether the hit stands for itself, and is no accident inside other words.

        Latin letters and numbers must not go on to either side. A single Chinese character must be a word by itself; of
        two, the first must begin or the second end one (退货 does not stand in 后退货车). Longer ones are beyond doubt.
        """
        if hit.shape:
            return True
        text, length = self.text, hit.end - hit.start
        if _LATIN.match(text, hit.start) or _LATIN.match(text, hit.end - 1):
            return not _GOES_ON.match(text, hit.start) and not _GOES_ON.match(text, hit.end)
        if length > 2 and not hit.gap:
            return True
        ends_kept = (hit.start in self._word_ends) + (hit.end in self._word_ends)
        return ends_kept >= (1 if length == 2 else 2)

    def is_asked(self, hit: Hit) -> bool:
        """Whether the sentence around the hit is a question."""
        start, end = self._part(hit, self._sentences)
        return _QUESTION.search(self.text, start, end) is not None

    def is_negated(self, hit: Hit, window: int) -> bool:
        """Whether a negation at most `window` code points before the hit, in its clause, means it, or one right after
        takes it back. 不能便宜点吗 asks for what it seems to deny: such a question lifts the negation.
        """
        if _TAKEN_BACK.match(self.text, hit.end):
            return True
        near = [negation for negation in self._negations if hit.start - window <= negation[1] <= hit.start]
        if not near:
            return False
        start, end = self._part(hit, self._clauses)
        lifted = _YES_NO.search(self.text, start, end) is not None
        return any(
            start <= begins and not (liftable and lifted) and not _SCOPE_END.search(self.text, ends, hit.start)
            for begins, ends, liftable in near
        )

    def consists_of(self, hits: Iterable[Hit]) -> bool:
        """Whether nothing but courtesy and punctuation is left of the message without the hits."""
        rest = list(self.text)
        for hit in hits:
            rest[hit.start : hit.end] = " " * (hit.end - hit.start)
        return _COURTESY.fullmatch("".join(rest)) is not None

    @cached_property
    def _clauses(self) -> list[int]:
        return [match.end() for match in CLAUSE_END.finditer(self.text)]

    @cached_property
    def _sentences(self) -> list[int]:
        return [match.end() for match in _SENTENCE_END.finditer(self.text)]

    def _part(self, hit: Hit, ends: Sequence[int]) -> tuple[int, int]:
        """The clause or sentence around the hit, its closing mark included. `ends`: where clauses or sentences end."""
        before, after = bisect_right(ends, hit.start), bisect_right(ends, hit.end)
        return ends[before - 1] if before else 0, ends[after] if after < len(ends) else len(self.text)


_LATIN = re.compile("[A-Za-zＡ-Ｚａ-ｚ0-9０-９]")
_GOES_ON = re.compile("(?<=[A-Za-zＡ-Ｚａ-ｚ])[A-Za-zＡ-Ｚａ-ｚ]|(?<=[0-9０-９])[0-9０-９]")
CLAUSE_END = re.compile(r"[，,。.!！?？;；:：\n~～…]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_SENTENCE_END = re.compile(r"[。!！?？;；\n]")
_QUESTION = re.compile(
    r"[?？]|吗|(?<![那这要多])么|呢(?=\W*$)|多少|(?<![好过这那前十没])几|什么|啥|怎么|咋|如何|哪(?!怕)|谁|何时|多久|多大|多远|多长"
    r"|(.)[不没]\1|是否|能否|可否|有没"
)
_YES_NO = re.compile(r"[?？]|吗|(?<![那这要多什怎])么(?=\W*$)")
_NEGATION = re.compile(
    # What looks like a negation and is none: set phrases, A-not-A questions, words that contain one.
    r"(?P<neutral>(?P<asked>.)[不没](?P=asked)"
    r"|不好意思|不知道|不晓得|不清楚|不太清楚|不确定|不了解|不懂|不明白|不错|不过|不仅|不但|不光|不只|不管|不论|不然|不如|不得不|不断|不久|不同|不少"
    r"|不行|不满意|不合适|不喜欢|不适应|不舒服|不方便|不一样|不想学|不想上|不想要了|不想买了|不需要了|不要了|不用了|差不多|受不了|忍不住|了不起|对不起"
    r"|说不定|没想到|没问题|没事|没关系|没收到|没人|没时间|没空|要不|特别|别人|别家|别的|别处|级别|性别|区别|分别|个别|类别|识别|告别|别墅)"
    r"|(?P<firm>不用|不需要|不必|不要|不想|不考虑|不打算|不准备|无需|无须|没必要|没打算|没说|没有说|不是说|别|勿|从不|并不)"
    r"|(?P<lifted>不是|不能|不可以|不给|不会|没有|没|未|不)"
)
_SCOPE_END = re.compile("[了就但而只才请帮]")
_TAKEN_BACK = re.compile(r"\s*(?:也|就|倒|都|先|倒是|的话就)?(?:不用|不要|不需要|算了|免了)(?!吗)|倒是?不")
_COURTESY = re.compile(
    r"(?:\[[^\]]{1,6}\]|\W|_|[啊呀哦噢嗯呢哈嘿啦咯呗嘞诶哇嘛了的吧呐哒滴哟喔额呃您你亲我就先那都也]|各?位?老师|[\u4e00-\u9fff]老师|[\u4e00-\u9fff]总"
    # Possessive: with overlapping alternatives, backtracking over a long message would never end.
    r"|亲爱的|家人们|辛苦|顾问|小姐姐|宝子?|朋友)*+"
)
