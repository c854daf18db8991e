"""Rules that go by words: promises, absolute terms, private dealings. What fires, and what only looks like it."""

from __future__ import annotations

import pytest

from scrm.core.compliance.words import Lexicon, is_asserted, lexicons
from scrm.core.errors import BadInput
from scrm.core.timeline import Speaker

PROMISES = {
    "promise-education": [
        "报我们这个班百分百包过",
        "考不过全额退款，白纸黑字写合同",
        "孩子跟着我学保证期末提20分",
        "嗯这个您放心啊我们这边是保证通过的",
        "签协议班，保上岸",
        "授课的是命题老师",
        "没基础也能过，我敢保证",
        "没有一个学员不包过的",
    ],
    "promise-finance": [
        "这款产品保本保息，年化6%",
        "亏了算我的",
        "加盟我们三个月保证回本",
        "零风险的投资，收益还高",
        "贷款秒到账，无视征信",
        "公司兜底，亏不了",
    ],
    "promise-property": [
        "这个盘买了肯定升值",
        "走路5分钟到地铁站，这套房抢手",
        "买这套包上实验小学",
        "公寓年租金回报率6个点，以租养贷",
        "地段摆在这，房价只涨不跌",
    ],
    "promise-medical": [
        "这个疗程做完保证根治",
        "我们种植牙成功率100%",
        "做完绝对不反弹",
        "无任何副作用，放心用",
        "这茶喝一个月能降血糖",
    ],
    "absolute-claim": ["全网最低价，不信您去比", "我们是行业第一", "全市最便宜的就是我家", "国家级的品质"],
    "private-payment": [
        "钱直接转我微信就行",
        "扫我个人收款码，便宜点",
        "不走公司账，给您优惠",
        "打到我老婆卡上",
        "您微信转我3000就行",
    ],
    "private-channel": [
        "加我私人微信聊",
        "别在平台上说，加我V",
        "平台上有监控，换微信说",
        "这个号公司看得到，加我小号",
    ],
    "kickback": ["给您个人返3个点", "成了给你5%的回扣", "差价归您", "您那份好处费少不了", "给您2%的辛苦费，现金"],
}
HARMLESS = [
    "这个我们不能保证包过的",
    "没有哪家敢说包过，我们也不承诺",
    "国家规定禁止承诺包过",
    "您是想要包过的班吗？",
    "外面有的机构承诺包过，您要当心",
    "包过这种话都是骗人的",
    "通过率大概在七成左右",
    "不过退款要走流程的",
    "红包过年再发",
    "理财有风险，投资需谨慎",
    "这款不保本，风险等级R2",
    "洗衣机零风险试用30天",
    "下个月肯定涨价",
    "售楼处走路五分钟到地铁",
    "从您家开车过来十分钟到店",
    "术后可能有副作用，医生会跟您讲",
    "没有绝对安全的手术",
    "最近有活动，最后三天",
    "第一次来要带身份证",
    "最少提前两天预约，最晚周五",
    "您最好提前预约",
    "请转到公司对公账户",
    "不要转账给个人",
    "您把截图转我看下",
    "加我企业微信，有事随时说",
    "不拿回扣的，放心",
    "返现活动：好评返5元",
    "给您个人信息登记一下",
    "转账请备注姓名",
    "一般两次见效，效果因人而异",
]


def _alerts(talk) -> set[str]:
    return {finding.rule for finding in talk.check() if finding.severity >= "S2"}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in PROMISES.items() for text in texts])
def test_words_said_as_ones_own_are_found(talk, rule, text):
    talk.rep("06-12 10:00", text)

    assert rule in _alerts(talk)


@pytest.mark.parametrize("text", HARMLESS)
def test_words_that_only_look_like_it_are_not(talk, text):
    talk.rep("06-12 10:00", text)

    assert _alerts(talk) == set()


@pytest.mark.parametrize("text", ["你们包过吗", "他们说包过，你们呢", "转我微信吧"])
def test_what_the_customer_says_is_no_promise(talk, text):
    talk.customer("06-12 10:00", text)

    assert _alerts(talk) == set()


def test_praise_is_a_sample_between_two_people_and_a_finding_in_a_broadcast(talk):
    talk.rep("06-12 10:00", "我们老师都是顶级的")
    talk.say("06-12 11:00", "wecom", Speaker.BROADCAST, "我们老师都是顶级的")

    found = [(one.entry_id, one.severity.value) for one in talk.check() if one.rule == "absolute-claim"]

    assert found == [("e1", "S1"), ("e2", "S3")]


def test_the_words_are_marked(talk):
    talk.rep("06-12 10:00", "您放心，百分百包过的")
    (finding,) = talk.check()

    assert finding.span is not None
    assert "包过" in "您放心，百分百包过的"[slice(*finding.span)]


class TestLexicon:
    def test_an_ellipsis_stays_within_the_clause(self):
        lexicon = Lexicon(include=("保证…通过",))

        assert lexicon.asserted("保证一次通过") is not None
        assert lexicon.asserted("质量保证，检验通过") is None

    def test_excluded_words_hide_what_they_overlap(self):
        lexicon = Lexicon(include=("包会",), exclude=("面包会",))

        assert lexicon.asserted("面包会有的") is None
        assert lexicon.asserted("包会的") is not None

    def test_contextual_words_need_their_context(self):
        lexicon = Lexicon(contextual=("零风险",), context=("理财",))

        assert lexicon.asserted("零风险试用") is None
        assert lexicon.asserted("理财零风险") is not None

    def test_a_broken_expression_is_refused_in_words(self):
        with pytest.raises(BadInput, match="words"):
            Lexicon(include=("包(过",))

    @pytest.mark.parametrize(
        ("text", "asserted"),
        [("包过", True), ("不包过", False), ("包过吗", False), ("禁止说包过", False), ("没问题，包过", True)],
    )
    def test_assertion(self, text, asserted):
        start = text.index("包过")

        assert is_asserted(text, start, start + 2) is asserted

    def test_every_word_of_every_lexicon_compiles_and_is_short(self):
        for rule, lexicon in lexicons().items():
            assert lexicon.include, rule
            assert all(word == word.strip() for word in (*lexicon.include, *lexicon.exclude))
