"""Words that count things. A number before one of them is a quantity, no price: 3台, 120课时, 48节."""

from __future__ import annotations

import re

_PLAIN = """
    平方米 平方 平米 公里 公斤 千克 毫升 英寸 小时 分钟 星期 课时 工作日 学时 学分 千卡 大卡 卡路里 毫安 门牌 点赞
    粉丝 播放 阅读 积分 京豆 金币 流量 袋 盒 枝 款 种 栋 户 间 号 页 章 项 期 遍 趟 级 倍 斤 克 吨 米 寸 岁 颗 粒 片
    棵 册 辆 桌 顿 餐 杯 碗 副 捆 卷 桶 壶 枚 幅 架 匹 场 首 堂 厅 尺 亩 强 里 度 字 词 题 例 声 口 根 道 盘 瓶 拍
    帧 针 股 圈 码 提 串 贴 剂 服 疗程 兆 部手机 平台 站 段 届 任 队 阶 科 元素 美金
"""
_UNLESS = {
    "秒": "杀",
    "个": "wWkK万点亿",
    "只": "要需有是能卖收限在用花",
    "台": "式账",
    "套": "餐装系房路票利",
    "件": "套",
    "条": "件",
    "张": "先总老经姐哥",
    "包": "邮安干含括您你送赔退教过月年食吃住税到上门换修机车会牌拆",
    "箱": "子",
    "罐": "装",
    "支": "持付",
    "组": "合",
    "批": "发",
    "份": "儿",
    "样": "子",
    "节": "日目省假约",
    "次": "卡",
    "回": "复来去头家您你",
    "名": "额牌",
    "位": "置",
    "人": "民均工",
    "升": "级值",
    "平": "时台均安常价摊",
    "天": "猫然津花气",
    "日": "常均租用",
    "周": "末年边到",
    "月": "供租付卡费底初饼嫂子",
    "年": "费卡付租化息底终",
    "季": "节卡",
    "晚": "上点",
    "本": "月店来人地身金科周",
    "部": "分门",
    "门": "店市诊票",
    "双": "11十倍人方",
    "对": "折吗吧不的于啊比吧",
    "听": "你您说到着我",
    "轮": "胎",
    "集": "团合",
    "课": "程包",
    "家": "里的电具用居装人长政",
    "方": "便案式",
    "单": "价买位独人",
    "步": "骤",
    "头": "款",
    "层": "次",
    "把": "块元",
    "块地": "",
    "块砖": "",
    "块表": "",
    "块屏": "",
    "块板": "",
    "块肉": "",
    "块糖": "",
    "块蛋糕": "",
    "块瓷砖": "",
    "块玻璃": "",
    "块肥皂": "",
    "GB": "",
    "行代码": "",
}


def _pattern() -> str:
    guarded = [word + (f"(?![{unless}])" if unless else "") for word, unless in _UNLESS.items()]
    return "|".join([*sorted(_PLAIN.split(), key=len, reverse=True), *guarded])


COUNTED = f"(?:{_pattern()})"
"""A pattern for a measure word; words that only begin like one (套餐, 包邮, 人均) are kept out."""

_COUNTED = re.compile(COUNTED)


def counts_at(text: str, place: int) -> bool:
    """Whether a measure word stands at `place`."""
    return _COUNTED.match(text, place) is not None
