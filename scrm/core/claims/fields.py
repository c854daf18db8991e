"""Words of talk that is no sale: what is read off a meter, a body, a machine, a payslip or a table of results.

A number after one of these words is a reading, whatever introduces it (是, 要, 到, 显示); elsewhere in a message that
names no price they tell that its numbers are counts and readings too. Things that are sold under the same word as
they
are measured by (硬盘, 显卡) are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

_READINGS = {
    "body": """
        尿检 早产 病程 床号 药量 剂量 毫克 输液 脂肪肝 雌二醇 黄体 雄激素 过敏原 白带 潜血 尿糖 屈光 角膜
        矫正到 前房 泪液 牙周 龋齿 咬合 牙槽 骨量 发育商 运动商 大运动 精细动作 轴长 加光 眼位 烧到 退到
        水光针号 焦耳 扭力 骨宽 挂水 引流 出血量 尿量 奶量 辅食 睡眠 饭量 心跳 胜率 段位 视力 裸眼 矫正视力
        瞳距 散光 远视 眼压 眼轴 眼底 左眼 右眼 血压 高压 低压 收缩压 舒张压 血糖 空腹 餐后 血脂 血氧 心率 脉搏
        体温 发烧 高烧 体重 身高 腰围 臀围 胸围 三围 颈围 肩宽 臂围 腿围 体脂 骨密度 肌肉量 基础代谢 步数 配速
        热量 转氨酶 血尿酸 肌酐 胆固醇 甘油三酯 血红蛋白 白细胞 红细胞 血小板 糖化 孕酮 胎心 双顶径 羊水 孕周
        估重 肺活量 智商 手围 指围 圈口 表径 脚长 手寸 月龄 胎龄 镜框宽 卧推 深蹲 硬拉 引体 握力 跑量 肺结节
        结节 淋巴 BMI bmi HCG TSH
    """,
    "machine": """
        电机转 传动比 减速比 压缩比 点火 火花 机油压 水温表 尾气 氮氧 颗粒物 底盘高 轮径 前束 定位角 续驶 充到
        剩电 快充到 慢充 内阻 放电率 组串 匝 目数 振动 挠度 沉降 位移 标高 承载力 抗震 烈度 回弹 含泥 含砂 级配
        碾压 压实 龄期 间距 保护层 箍筋 搭接 锚固 轴线 水准 全站仪 坐标 高程 里程桩 桩号 桩长 桩径 孔深 岩层
        地下水 炉温 出炉 浇注 回火 淬火 渗碳 镀层 膜厚 色差 缸差 色牢度 缩水率 纱支 门幅 密度仪 筘号 温区 湿区
        回潮 公定 含绒 充绒 蓬松度 克拉数 主轴 进给 拉距 箭长 磅数 摇蜜 循环 单体 喷幅 水深 泵送高度 端部 吊重
        臂长 配比 配方 掺量 标号 水灰比 砂率 坍落度 粉水比 酵母 醒发 研磨度 离台面 坑距 净高 净宽 进水 排水
        台面高 吊柜离 地柜高 梁高 层距 能跑 还能跑 可以跑 跑个 跑到 表上 里程表 发电 余电 上网电 光伏板 逆变器
        拧到 设到 设成 设为 打到 加到水 放电 充电 满电 待机 频宽 制冷量 制热量 匹数 转数 圈数 匝数 针距 克数
        扭矩 时速 车速 转速 马力 功率 功耗 耗电 电压 电流 电阻 频率 额定 排量 油耗 电耗 轴距 轮距 离地 涉水
        后备箱 后备厢 容积 放倒 整备质量 载重 载质量 吨位 风阻 风量 噪音 噪声 流速 扬程 胎压 气压 水压 油压
        液压 真空度 张力 拉力 承重 限重 载荷 抗压 硬度 密度 粘度 温度 水温 室温 油温 湿度 海拔 坡度 倾角 色温
        亮度 照度 分辨率 像素 刷新率 帧率 帧数 采样率 延迟 带宽 网速 丢包 主频 睿频 显存 跑分 分区 背光 端口
        线程 循环次数 电池健康 续航 电量 剩余电量 里程 公里数 表显 读数 示数 刻度 水表 电表 气表 燃气表 加速
        百公里 刹车距离 限速 跑高速 方向盘 怠速 空燃比 缸压 冲程 缸径 牵引力 起升 举升 爬坡 行程 精度 公差 误差
        孔距 齿数 模数 压强 口径 内径 外径 直径 半径 管径 壁厚 板厚 厚度 自重 净重 毛重 克重 调性 拉伸 延伸率
        含水率 浓度 纯度 酸碱度 灵敏度 信噪比 阻抗 失真 焦距 光圈 快门 感光 支数 洗净比 气密 滚筒转速 计数器
        码表 斗容 臂展 幅宽 满载 空载 充放电 倍率 比热 熔点 沸点 流明 扫描 打印速度 幅面 坐垫 滤芯寿命 电池容量
        池子 水位 液位 涨到水位 雨量 风速 风力 浪高 紫外线 空气质量 甲醛 检测值 标准值 正常值 参考值 实测 设定
    """,
    "network": """
        响应 耗时 延时 扩容 连接数 会话数 每分钟限 阈值 告警 宕机 重启 主机名 覆盖率 码率 采样 通道 波长 误码
        信噪 伤害 攻击力 防御 冷却 血量 战力 场观 峰值 人气 排位 评论数 收藏数 子网 掩码 超限 上限设 重试 测速
        下行 上行 报错 错误码 状态码 返回码 响应码 错误代码 故障码 接口返回 日志 压测 限流 吞吐 内存占用 占用率
        磁盘 表里有 行数 条数据 字段 像素点 版本号 端口号 缓存 QPS qps TPS tps CPU占 cpu ping PING 信道 频段
        波特率 超时 跳转 批次号 序列号 条码
    """,
    "company": """
        场均 上座 票房 收视 榜单 榜上 位列 同比 环比 营销额 回款 应付账 负债率 现金流 股本 持股 董事
        分公司 网点 站点 覆盖城市 产线 工厂 车间 流水线 良率 直通率 合格数 抽检 批量 交付量 班次 运力 满载率
        入住率 出租率 空置 坪数 营收 营业额 产值 产能 年产 月产 日产 产量 销量 销售额 流水 利润 净利 毛利
        注册资本 注册资金 市值 估值 团队 在职 粉丝 关注 点赞 播放 阅读量 浏览 访客 转化 曝光 点击 日活 月活
        回头客 复购 成交客户 服务过 累计服务 累计成交 门店数 覆盖 毕业生 在读 老师有 装机量 出货量 吞吐量 客流
        人流 车流 排名 大众点评 点评 评分 占地 员工数 投产 吨级 合作过 粉丝数 GMV gmv ROI roi
    """,
    "pay": """
        保底 起征点 专项附加 附加扣除 税前工资 税后工资 绩效 全勤 高温补贴 饭补 房补 挣 赚 月供压力 基数
        缴费年限 工龄 到手才 工资 月薪 年薪 底薪 薪资 薪水 待遇 实发 应发 奖金 年终奖 五险 社保基数 缴费基数
        缴存 退休金 失业金 年入 月入 收入 个税 津补贴 岗位 招聘 应聘 招人 月休 试用期 转正 加班 时薪 提薪 涨薪
    """,
    "cover": """
        三者 保额 抄表 上期抄 保障额 免赔额 免赔 赔付 理赔 身故 全残 年度限额 限额 报案 赔款 封顶线 起付线
        住院津贴 账户价值 现金价值
    """,
    "account": """
        卡里 账户 转进去 提出来 取现 还款日 账单日 逾期 最低还款 信用卡额 花呗 白条 借呗 微粒贷 涨幅 跌幅 仓位
        成本价位 市盈 市净 分红派 打新 中签 双色球 大乐透 刮刮乐 奖池 输了 赢了 红包抢 还欠 随了 随礼 份子 捐
        中了 存了 取了 涨停 跌停 点数 里程积分 账上 账户里 钱包里 白条欠 额度 网贷 月光 压岁 借了 借给 余额
        可用额度 信用额度 授信 积分 成长值 信用分 芝麻分 话费剩 流量 已用 本金 负债 欠款 存款 公积金余额 花呗欠
        彩票 中奖 大奖 头奖 股票 股价 大盘 净值 指数 汇率 压岁钱 零花钱 份子钱 红白 捐款 捐了 罚单 罚款 扣分
        彩礼 嫁妆
    """,
    "school": """
        测验 最高分 最低分 摸底 默写 听写 背了 词汇 口算 打卡第 识字量 省排 区排 班级第 全校 投档线 位次 压线
        分数线 录取线 一本线 本科线 总分 平均分 满分 年级第 学号 座位号 单词 词汇量 模考 月考 页码 刷题 错题
        卷子 绩点 学分 英语考 数学考 语文考 考研分 分数 及格 测评分 语数外 做题 题量
    """,
    "place": """
        航班 车次 登机口 检票口 车厢 座号 门牌 房号 房间号 考场 窗口 柜台号 货架 储位 库位 柜号 车位号 台号
        叫号 前面还有 桌号 单号 订单尾号 尾号 工号 编号 批号 邮编 区号 分机 档口 摊位号 密码 转乘 高速口 国道
        省道 县道 码数 鞋码 均码
    """,
}
# These tell of the number after them only: what is in stock is sold all the same.
_COUNTS = """
    库里 仓里 到货 分拨 件数 箱数 托数 板数 车数 停车 在途 来过 等到 叫到 排到 报到 抽中 中签 干了 养了 开了
    修了 教了 带过 服务了 成团 容纳 能坐 限载 核载 定员 库存 现货还 还剩 剩余数量 已售 销出 报名了 到场 参会
    嘉宾 桌数 人数 人次 总数 合计数量 清点 盘点 数了 出勤 缺勤 间隔 周期 页数 字数 集数 章节 版面 入册 坪效
    户数 楼龄 层高 进深 开间 得房率 容积率 绿化率 建面 套内 公摊 面宽 车位配比 株距 行距 亩产 产蛋 存栏 出栏
    日龄 胚 苗高 种了 行驶 跑了 走了 骑了 游了 用了 住了 考了 考过 考到 成绩 度数 均分 保养到 称出来 称重
    收到才 欠 还欠 排队 楼层 名额 地铁
"""


# 血压计, 视力课, 扭矩仪: what such a word and one of these make up is sold.
_SOLD = frozenset("计仪器秤课班险卡票机膏贴锁费价检手")


def _by_first_letter() -> dict[str, tuple[tuple[str, bool], ...]]:
    words: defaultdict[str, set[tuple[str, bool]]] = defaultdict(set)
    for table, tells_of_all in [*((table, True) for table in _READINGS.values()), (_COUNTS, False)]:
        for word in table.split():
            words[word[0]].add((word, tells_of_all))
    return {letter: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for letter, found in words.items()}


_WORDS = _by_first_letter()


def readings_in(text: str) -> Iterator[tuple[int, bool]]:
    """Where such words end in `text`, left to right, the longest at each place, and whether the word tells of the whole
    message.
    """
    for place, letter in enumerate(text):
        if (words := _WORDS.get(letter)) is not None:
            found = next((pair for pair in words if text.startswith(pair[0], place)), None)
            if found is not None and text[place + len(found[0]) :][:1] not in _SOLD:
                yield place + len(found[0]), found[1]
