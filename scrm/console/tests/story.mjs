/** The sample story: a mother asks an English school on three channels and hears two prices. All names and words are invented. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const CHANNELS = {
  'web-chat': ['web_im', '官网在线咨询'],
  'kf-school': ['wecom_kf', '微信客服'],
  'wecom-sales': ['wecom_app', '企业微信应用'],
  archive: ['wecom_archive', '企业微信会话存档'],
  'calls-import': ['call_log', '通话记录导入'],
  'call-centre': ['call_webhook', '呼叫中心'],
}

/** Everything the sample server knows at `now` (ms). The same moment gives the same story. */
export function tellStory(now) {
  const at = (ago) => new Date(now - ago).toISOString()
  const promoEnds = new Date(now + 7 * DAY)
  const promoDay = `${promoEnds.getMonth() + 1}月${promoEnds.getDate()}日`
  const entries = new Map()
  let entryNumber = 0

  function entry(customerId, channel, ago, fields) {
    const [channelKind, channelLabel] = CHANNELS[channel]
    const made = {
      id: `ent_${String(++entryNumber).padStart(5, '0')}`,
      customer_id: customerId,
      channel,
      channel_kind: channelKind,
      channel_label: channelLabel,
      thread: `${channel}:${customerId}`,
      kind: 'message',
      direction: 'inbound',
      speaker: 'customer',
      actor: '',
      actor_name: '',
      at: at(ago),
      received_at: at(ago - 1200),
      text: '',
      body: { form: 'text', media: {} },
      state: 'received',
      state_reason: '',
      tags: [],
      claims: [],
      versions: [],
      findings: [],
      ...fields,
    }
    entries.set(made.id, made)
    return made
  }

  const said = (customerId, channel, ago, text, more = {}) => entry(customerId, channel, ago, { text, actor_name: more.name ?? '', ...more.fields })
  const answered = (customerId, channel, ago, text, actor, fields = {}) =>
    entry(customerId, channel, ago, { text, direction: 'outbound', speaker: 'rep', actor, actor_name: actor, state: 'sent', ...fields })

  const span = (text, words) => {
    const start = Array.from(text.slice(0, text.indexOf(words))).length
    return { start, end: start + Array.from(words).length }
  }
  const tag = (text, words, name, id, kind = 'intent') => ({ tag: id, name, kind, ...span(text, words), score: 0.93, rule: `intents/${id}`, version: '3' })
  const price = (text, words, value, more = {}) => ({
    kind: 'price', value, value_max: null, unit: '年', stance: 'offer', approx: null, ...span(text, words),
    sku: 'EN-YEAR', product: '少儿英语年课', valid_until: null, ...more,
  })

  // --- 林晓燕 ---------------------------------------------------------------------------------------------------
  const mother = 'cus_lin'
  for (let step = 0; step < 70; step++) {
    const ago = 40 * DAY - step * 7 * HOUR
    if (step % 3 === 0) said(mother, 'web-chat', ago, ['孩子八岁，学过一年自然拼读，跟得上吗？', '上课时间可以换吗？周三要练琴。', '想先听一节试听课。', '老师是固定的吗？'][(step / 3) % 4])
    else answered(mother, 'web-chat', ago, ['可以的，我们先做一次免费的水平测评。', '每班最多六位同学，老师固定带一个学年。', '周二、周四和周六都有班，请假可以补课。'][step % 3], '在线客服 小舟', { speaker: 'agent', actor: 'agent-7' })
  }

  entry(mother, 'web-chat', 4 * DAY + 3 * HOUR, { kind: 'contact', direction: 'internal', speaker: 'system', text: '打开了官网在线咨询，来源页面：秋季少儿英语课程', body: { change: 'visit_started', details: { page: '/courses/kids-english' } } })
  const ask = '你好，看到你们在做秋季活动，少儿英语年课多少钱？'
  said(mother, 'web-chat', 4 * DAY + 2.95 * HOUR, ask, { fields: { tags: [tag(ask, '多少钱', '询价', 'ask-price')] } })
  const firstQuote = `您好，林女士！少儿英语年课活动价 4,980 元，${promoDay}前报名都是这个价，包含教材和 48 次小班课。`
  const quoteA = answered(mother, 'web-chat', 4 * DAY + 2.9 * HOUR, firstQuote, '在线客服 小舟', {
    speaker: 'agent', actor: 'agent-7',
    claims: [price(firstQuote, '4,980 元', '4980.00', { valid_until: promoEnds.toISOString() })],
    tags: [tag(firstQuote, '活动价', '活动', 'promotion', 'keyword')],
  })
  said(mother, 'web-chat', 4 * DAY + 2.85 * HOUR, '好的，我和孩子爸爸商量一下 😊')
  answered(mother, 'web-chat', 4 * DAY + 2.8 * HOUR, '没问题，您可以加一下我们的微信客服，方便发课表给您。', '在线客服 小舟', { speaker: 'agent', actor: 'agent-7' })
  entry(mother, 'kf-school', 4 * DAY + 2 * HOUR, { kind: 'contact', direction: 'internal', speaker: 'system', text: '从官网二维码进入了微信客服会话', body: { change: 'session_entered', details: {} } })
  entry(mother, 'calls-import', 2 * DAY + 5 * HOUR, { kind: 'call', direction: 'outbound', speaker: 'rep', actor: '8012', actor_name: '陈一鸣', text: '', body: { phone: '138****6127', disposition: 'no_answer', talk_s: 0, ring_s: 32, transcript: '', recording: '', summary: '' } })
  const transcript = [
    '坐席：林女士您好，我是课程顾问陈一鸣，昨天给您打过电话。',
    '客户：你好，我在上班，你简单说吧。',
    '坐席：好的，就是想了解一下小满平时几点放学，我帮您看看班级。',
    '客户：四点半放学，周三要练琴，最好是周二和周六。',
    '坐席：周二五点半的班还有两个位置，周六上午也有。',
    '客户：那个年课的价格，之前在网上问过，是四千多吧？',
    '坐席：是的，活动价以您在官网咨询时收到的为准，我把课表发到微信上。',
    '客户：行，我晚上看一下，先这样。',
  ].join('\n')
  entry(mother, 'call-centre', 1 * DAY + 4 * HOUR, {
    kind: 'call', direction: 'outbound', speaker: 'rep', actor: '8012', actor_name: '陈一鸣', text: transcript,
    body: { phone: '138****6127', disposition: 'answered', talk_s: 187, ring_s: 9, transcript, recording: 'rec-20-1187', summary: '希望周二和周六上课，关心年课价格，等课表。' },
    tags: [tag(transcript, '最好是周二和周六', '时间安排', 'schedule')],
  })
  answered(mother, 'kf-school', 1 * DAY + 3.9 * HOUR, '林女士，这是周二 17:30 和周六 9:30 两个班的课表，您先看看。', '陈一鸣')
  answered(mother, 'kf-school', 1 * DAY + 3.88 * HOUR, '秋季课表.pdf', '陈一鸣', { body: { form: 'file', media: { name: '秋季少儿英语课表.pdf', size: 182304 } } })
  said(mother, 'kf-school', 1 * DAY + 1 * HOUR, '收到，周六的班可以。')
  said(mother, 'kf-school', 3.2 * HOUR, '', { fields: { text: '[动画表情]', kind: 'unsupported', body: { provider_kind: 'emotion_v2', reason: '微信客服接口没有给出这种消息的内容' } } })
  const again = '我们想报周六的班了，年课还是之前那个价吗？'
  said(mother, 'kf-school', 2.6 * HOUR, again, { fields: { tags: [tag(again, '报周六的班', '报名意向', 'enrol'), tag(again, '还是之前那个价吗', '询价', 'ask-price')] } })
  const secondQuote = '林女士您好，少儿英语年课现在是 5,680 元，今天交定金可以锁住名额。'
  const conflict = {
    rule: 'price-higher-later', rule_name: '报价高于先前报价', severity: 'S3', blocking: true,
    reason: `在线客服 小舟 4 天前在官网在线咨询报价 4,980 元，${promoDay}前有效；这里写的是 5,680 元，高 700 元。`,
    ...span(secondQuote, '5,680 元'), against: evidence(quoteA, '4,980 元', promoEnds.toISOString()),
  }
  const quoteB = answered(mother, 'kf-school', 2.4 * HOUR, secondQuote, '陈一鸣', {
    claims: [price(secondQuote, '5,680 元', '5680.00')],
    findings: [conflict],
  })
  said(mother, 'kf-school', 2.3 * HOUR, '啊？官网上说的是 4,980 呀，怎么涨了 700？')
  entry(mother, 'kf-school', 2.25 * HOUR, { text: '', direction: 'outbound', speaker: 'rep', actor: '陈一鸣', actor_name: '陈一鸣', state: 'recalled', versions: [{ at: at(2.25 * HOUR), text: '那是之前的活动，现在已经没有了。', change: 'recalled' }] })
  answered(mother, 'kf-school', 2.2 * HOUR, '您稍等，我核实一下活动价格，马上回复您。', '陈一鸣', { versions: [{ at: at(2.21 * HOUR), text: '您稍等，我核实一下。', change: 'edited' }] })
  said(mother, 'web-chat', 14 * MINUTE, '你好，在吗？我在微信上问的价格和你们这里说的不一样。')
  said(mother, 'web-chat', 6 * MINUTE, '麻烦确认一下，4,980 还能报吗？我今天就想定下来。', { fields: { tags: [tag('麻烦确认一下，4,980 还能报吗？我今天就想定下来。', '今天就想定下来', '报名意向', 'enrol')] } })

  function evidence(entryOut, words, validUntil = null) {
    return {
      entry_id: entryOut.id, at: entryOut.at, channel: entryOut.channel, channel_kind: entryOut.channel_kind,
      channel_label: entryOut.channel_label, speaker: entryOut.speaker, actor_name: entryOut.actor_name, text: entryOut.text,
      ...(words ? span(entryOut.text, words) : { start: null, end: null }), valid_until: validUntil,
    }
  }

  // --- the other customers --------------------------------------------------------------------------------------
  const people = [
    ['cus_wu', '吴浩', ['wecom_archive', 'call_log'], 21 * MINUTE, 'archive', '课后作业在哪里提交？', 2, 0, '陈一鸣'],
    ['cus_he', '何静', ['wecom_kf'], 48 * MINUTE, 'kf-school', '可以开发票吗？抬头是公司。', 1, 0, '苏婷'],
    ['cus_v1', '访客 8F21', ['web_im'], 1.2 * HOUR, 'web-chat', '有成人口语班吗', 1, 0, null],
    ['cus_zhao', '赵敏', ['wecom_kf', 'web_im', 'call_webhook'], 3.5 * HOUR, 'kf-school', '老师说保证孩子一个学期考过 KET，是真的吗？', 0, 1, '苏婷'],
    ['cus_ma', '马俊杰', ['call_log'], 5 * HOUR, 'calls-import', '', 0, 0, '陈一鸣'],
    ['cus_sun', '孙悦', ['wecom_app', 'wecom_archive'], 8 * HOUR, 'archive', '谢谢老师，我们周六见。', 0, 0, '陈一鸣'],
    ['cus_gao', '高翔', ['wecom_kf', 'call_log'], 1.1 * DAY, 'kf-school', '价格我再对比一下', 0, 1, '陈一鸣'],
    ['cus_luo', '罗佳怡', ['web_im'], 1.3 * DAY, 'web-chat', '试听课需要带电脑吗？', 0, 0, null],
    ['cus_xu', '许文博', ['wecom_app'], 2 * DAY, 'wecom-sales', '好的收到', 0, 0, '苏婷'],
    ['cus_tang', '唐女士', ['call_webhook'], 2.5 * DAY, 'call-centre', '', 0, 0, '苏婷'],
  ]
  const family = '钱孔曹严华金魏陶姜戚谢邹喻柏水窦章云潘葛奚范彭郎鲁韦昌苗凤花方俞任袁柳史唐费廉岑薛雷贺倪汤'
  for (let index = 0; index < 44; index++) {
    people.push([`cus_n${index}`, `${family[index]}${['女士', '先生', '同学家长'][index % 3]}`, [['wecom_kf'], ['wecom_archive'], ['web_im', 'call_log']][index % 3], (3 + index) * DAY, ['kf-school', 'archive', 'web-chat'][index % 3], ['好的，谢谢', '我们考虑一下', '下周三可以试听吗？', '请问校区在哪里？'][index % 4], 0, 0, index % 2 ? '陈一鸣' : '苏婷'])
  }
  const customers = new Map()
  customers.set(mother, customer(mother, '林晓燕', ['wecom_kf', 'web_im', 'call_webhook', 'call_log'], 3, 1, '陈一鸣', ['138****6127']))
  for (const [id, name, kinds, ago, channel, text, unread, openCases, owner] of people) {
    customers.set(id, customer(id, name, kinds, unread, openCases, owner, kinds.some((kind) => kind.startsWith('call')) ? ['139****' + String(1000 + customers.size)] : []))
    entry(id, channel, ago + 6 * HOUR, { kind: 'contact', direction: 'internal', speaker: 'system', text: '首次联系', body: { change: 'added', details: {} } })
    if (text) said(id, channel, ago, text)
    else entry(id, channel, ago, { kind: 'call', direction: 'inbound', text: '', body: { phone: '139****2210', disposition: 'answered', talk_s: 64, ring_s: 5, transcript: '', recording: '', summary: '询问校区地址和停车。' } })
  }

  function customer(id, name, kinds, unread, openCases, owner, phones) {
    return { id, name, channel_kinds: kinds, phones, last_entry: null, unread, open_cases: openCases, owner }
  }

  const details = new Map()
  details.set(mother, {
    identities: [
      { id: 'idn_1', namespace: 'webim:web-chat', label: '官网访客', value: 'v_7f3a…21', reason: '在网页上登录并验证了手机号', linked_at: at(40 * DAY) },
      { id: 'idn_2', namespace: 'unionid', label: '微信客服', value: 'wmE…x9Q', reason: '微信客服与官网登录的 unionid 相同', linked_at: at(4 * DAY) },
      { id: 'idn_3', namespace: 'phone', label: '手机号', value: '138****6127', reason: '客户在网页咨询中验证', linked_at: at(40 * DAY) },
    ],
    merges: [{ id: 'mrg_1', other_name: '微信用户 晓燕', automatic: true, reason: 'unionid 相同', actor: '系统', at: at(4 * DAY), undone_at: null }],
    maybe_same: [{ customer_id: 'cus_tang', name: '唐女士', reason: '来电号码与林晓燕的紧急联系人相同，但没有验证' }],
    reply_channels: [
      { channel: 'kf-school', channel_kind: 'wecom_kf', label: '微信客服', mode: 'send', open: true, reason: '客户 48 小时内来过消息', closes_at: new Date(now + 45.4 * HOUR).toISOString(), remaining: 4 },
      { channel: 'web-chat', channel_kind: 'web_im', label: '官网在线咨询', mode: 'send', open: true, reason: '', closes_at: null, remaining: null },
      { channel: 'wecom-sales', channel_kind: 'wecom_app', label: '企业微信', mode: 'hand_over', open: true, reason: '接口不能代替销售发送，请在企业微信里按发送', closes_at: null, remaining: null },
      { channel: 'calls-import', channel_kind: 'call_log', label: '通话记录导入', mode: 'send', open: false, reason: '这个渠道只导入记录，不能回复', closes_at: null, remaining: null },
    ],
    standing_claims: [
      { entry_id: quoteA.id, product: '少儿英语年课', kind: 'price', value: '4980.00', unit: '年', at: quoteA.at, valid_until: promoEnds.toISOString(), channel_kind: 'web_im', speaker: 'agent', actor_name: '在线客服 小舟' },
      { entry_id: quoteB.id, product: '少儿英语年课', kind: 'price', value: '5680.00', unit: '年', at: quoteB.at, valid_until: null, channel_kind: 'wecom_kf', speaker: 'rep', actor_name: '陈一鸣' },
    ],
  })

  const priceBook = [
    {
      sku: 'EN-YEAR', name: '少儿英语年课', aliases: ['年课', '英语年卡'], list_price: '5680.00', unit: '年',
      promotions: [{ name: '秋季早鸟', price: '4980.00', ratio: null, starts_at: at(20 * DAY), ends_at: promoEnds.toISOString(), condition: null }],
      floors: { rep: '4980.00', manager: '4580.00' }, valid_from: at(120 * DAY), valid_to: null, recorded_at: at(121 * DAY), recorded_by: '教务 林岚', approved_by: '校长 周宁', withdrawn: false,
    },
    {
      sku: 'EN-HALF', name: '少儿英语半年课', aliases: ['半年课'], list_price: '3180.00', unit: '半年', promotions: [],
      floors: { rep: '2980.00' }, valid_from: at(120 * DAY), valid_to: null, recorded_at: at(121 * DAY), recorded_by: '教务 林岚', approved_by: '校长 周宁', withdrawn: false,
    },
    {
      sku: 'EN-TRIAL', name: '试听课', aliases: ['体验课'], list_price: '99.00', unit: '次',
      promotions: [{ name: '新客体验', price: '0.00', ratio: null, starts_at: at(60 * DAY), ends_at: new Date(now + 30 * DAY).toISOString(), condition: '每个家庭一次' }],
      floors: {}, valid_from: at(200 * DAY), valid_to: null, recorded_at: at(201 * DAY), recorded_by: '教务 林岚', approved_by: '校长 周宁', withdrawn: false,
    },
  ]

  const motherEntries = [...entries.values()].filter((each) => each.customer_id === mother).sort((a, b) => a.at.localeCompare(b.at))
  const around = (target) => {
    const index = motherEntries.findIndex((each) => each.id === target.id)
    return motherEntries.slice(Math.max(0, index - 5), index + 6)
  }
  const cases = new Map()
  const promise = said('cus_zhao', 'kf-school', 5 * HOUR, '好的，谢谢老师')
  const promiseText = '您放心，跟着我们学一个学期，保证孩子考过 KET。'
  const promised = answered('cus_zhao', 'kf-school', 4 * HOUR, promiseText, '苏婷')
  const cheapText = '给您按 4,380 元一年，别人没有这个价。'
  const cheap = answered('cus_gao', 'kf-school', 1.2 * DAY, cheapText, '陈一鸣')
  const noOne = { context_said: [promise, promised], context_against: [] }
  addCase('cas_lin', mother, '林晓燕', 'price-higher-later', '报价高于先前报价', '少儿英语年课', 'S4', 'new', null, 2.4 * HOUR, '微信客服报价 5,680 元，4 天前官网报价 4,980 元仍有效；客户已经发现。', [
    { id: 'fnd_1', rule: 'price-higher-later', severity: 'S4', reason: conflict.reason, said: evidence(quoteB, '5,680 元'), against: evidence(quoteA, '4,980 元', promoEnds.toISOString()), acknowledged_reason: '校区通知活动名额已满，按原价报。', context_said: around(quoteB), context_against: around(quoteA) },
  ])
  addCase('cas_gao', 'cus_gao', '高翔', 'price-below-floor', '低于角色底价', '少儿英语年课', 'S2', 'new', null, 1.2 * DAY, '报价 4,380 元一年，低于销售底价 4,980 元。', [
    { id: 'fnd_2', rule: 'price-below-floor', severity: 'S2', reason: '报价 4,380 元一年，销售的底价是 4,980 元，差 600 元。', said: evidence(cheap, '4,380 元'), against: null, acknowledged_reason: null, context_said: [cheap], context_against: [] },
  ])
  addCase('cas_zhao', 'cus_zhao', '赵敏', 'promise-education', '保证教学效果', null, 'S3', 'claimed', '顾明', 4 * HOUR, '“保证孩子考过 KET”：对培训效果作出保证。', [
    { id: 'fnd_3', rule: 'promise-education', severity: 'S3', reason: '2 次谈到考试结果，其中一次写有“保证”。', said: evidence(promised, '保证孩子考过 KET'), against: null, acknowledged_reason: null, ...noOne },
  ])
  for (let index = 0; index < 6; index++) {
    addCase(`cas_d${index}`, `cus_n${index}`, customers.get(`cus_n${index}`).name, ['absolute-claim', 'reply-overdue', 'price-higher-later'][index % 3], ['绝对化用语', '超时未回复', '报价高于先前报价'][index % 3], index % 3 === 2 ? '少儿英语半年课' : null, ['S1', 'S2', 'S3'][index % 3], 'decided', '顾明', (5 + index) * DAY, ['称课程“全网最低”。', '客户消息 42 分钟后才得到回复，约定 30 分钟。', '半年课 3,180 元，此前报价 2,980 元。'][index % 3], [
      { id: `fnd_d${index}`, rule: 'absolute-claim', severity: 'S1', reason: '出现“全网最低”。', said: evidence(promised, null), against: null, acknowledged_reason: null, ...noOne },
    ], ['policy_breach', 'false_positive', 'violation'][index % 3])
  }

  function addCase(id, customerId, customerName, rule, ruleName, product, severity, state, assignee, ago, summary, found, verdict = null) {
    const findings = found.map((each) => ({ rule_name: ruleName, rule_version: 'c0ffee12'.repeat(5), ground: null, found_at: at(ago), said_readings: [], against_readings: [], arithmetic: [], suggested_remedy: 'honour_price', suggested_remedy_text: '', explanation: '', ...each }))
    const history = [{ at: at(ago), actor: '', action: 'opened', note: '' }]
    if (assignee) history.push({ at: at(ago - 20 * MINUTE), actor: assignee, action: 'claimed', note: '' })
    if (verdict) history.push({ at: at(ago - HOUR), actor: assignee, action: 'decided', note: '' })
    cases.set(id, {
      id, customer_id: customerId, customer_name: customerName, rule, rule_name: ruleName, product, sku: product && 'EN-YEAR', severity, state, assignee, assignee_id: assignee && 'usr_2',
      exposure: product ? '17040' : '500', due_at: at(ago - 4 * HOUR), overdue: ago > 4 * HOUR && !verdict, escalated_at: null, reps: findings.map((each) => each.said.actor_name), channels: findings.map((each) => each.said.channel_label),
      verdict_reason: '', remedy: null, reopened: false, origin: null, conversation: [], told_since: [], prior_cases: [], chain: [], assignable: [], remedied: null,
      looks: verdict ? [{ round: 1, look: 1, verdict, reason: '', note: '', by: assignee, at: at(ago - HOUR) }] : [],
      opened_at: at(ago), updated_at: at(ago - (assignee ? HOUR : 0)), findings: findings.length, summary, verdict, version: 1,
      evidence: findings, history, price_book: product ? priceBook.slice(0, 1) : [],
    })
  }

  return { channels: CHANNELS, entries, customers, details, cases, priceBook, quoteA, promoEnds, suggestions: suggestions(promoDay), scripts: scripts(), ...operations(at) }
}

function suggestions(promoDay) {
  return [
    { script_id: 'scr_keep', title: '按先前报价履约', text: `林女士您好，您之前收到的活动价 4,980 元在${promoDay}前都有效，我现在就按这个价格为您保留周六的名额。`, pack: 'english-school', category: '价格', score: 0.94, reason: '客户问价；4,980 元的报价仍有效' },
    { script_id: 'scr_sorry', title: '报价不一致致歉', text: '很抱歉让您看到了两个价格，我已经核对过价目表，以您先收到的报价为准。', pack: 'english-school', category: '安抚', score: 0.81, reason: '客户指出两处报价不同' },
    { script_id: 'scr_enrol', title: '报名步骤', text: '报名只要三步：确认班级、填写孩子信息、支付学费，我把链接发给您。', pack: 'english-school', category: '成交', score: 0.72, reason: '客户表达了报名意向' },
  ]
}

function scripts() {
  const rows = [
    ['scr_keep', '价格', '按先前报价履约', '您之前收到的活动价 {{价格}} 元在 {{截止日期}} 前都有效，我现在就按这个价格为您保留名额。', ['还是之前那个价吗', '涨价了']],
    ['scr_sorry', '安抚', '报价不一致致歉', '很抱歉让您看到了两个价格，我已经核对过价目表，以您先收到的报价为准。', ['价格不一样']],
    ['scr_enrol', '成交', '报名步骤', '报名只要三步：确认班级、填写孩子信息、支付学费，我把链接发给您。', ['怎么报名', '想报名']],
    ['scr_trial', '邀约', '邀请试听', '孩子第一次来，可以先听一节 40 分钟的小班课，老师课后会给一份水平反馈。', ['试听', '先听听看']],
    ['scr_refund', '服务', '退费说明', '开课前可以全额退；开课后按剩余课次折算，三个工作日内原路退回。', ['退费', '不想上了']],
  ]
  return rows.map(([id, category, title, text, triggers]) => ({ id, pack: 'english-school', pack_name: '英语学校', category, title, text, triggers, valid_from: null, valid_to: null }))
}

function operations(at) {
  const channel = (name, kind, label, capabilities, fields) => ({
    name, kind, label, capabilities, status: 'ok', status_text: '正常', callback_path: null, page_path: null, received: 0,
    last_received_at: null, refused: 0, unsupported: 0, parked: 0, dead: 0, last_error: '', last_error_at: null, cursors: {}, reports: {}, ...fields,
  })
  return {
    channelRows: [
      channel('kf-school', 'wecom_kf', '微信客服', ['callbacks', 'pulls', 'sends'], { callback_path: '/callbacks/kf-school', received: 18422, last_received_at: at(2 * HOUR), unsupported: 3, cursors: { 'kf-account-1': at(90_000), 'kf-account-2': at(95_000) }, reports: { access_token_expires_in_s: 5210 } }),
      channel('web-chat', 'web_im', '官网在线咨询', ['callbacks', 'sends', 'pages'], { callback_path: '/callbacks/web-chat', page_path: '/pages/web-chat', received: 9310, last_received_at: at(6 * MINUTE) }),
      channel('wecom-sales', 'wecom_app', '企业微信应用', ['callbacks', 'hands_over'], { callback_path: '/callbacks/wecom-sales', received: 2201, last_received_at: at(50 * HOUR), status: 'silent', status_text: '已经 50 小时没有收到消息，平时每小时约 12 条。请检查回调地址。', refused: 4, last_error: '签名不匹配', last_error_at: at(51 * HOUR) }),
      channel('archive', 'wecom_archive', '企业微信会话存档', ['pulls'], { received: 40118, last_received_at: at(21 * MINUTE), parked: 6, cursors: { seq: at(30_000) }, status: 'failing', status_text: '最近一次拉取失败：私钥版本 4 没有配置，6 条消息已搁置。', last_error: '找不到 publickey_ver=4 的私钥', last_error_at: at(22 * MINUTE) }),
      channel('calls-import', 'call_log', '通话记录导入', ['files'], { received: 1240, last_received_at: at(5 * HOUR) }),
      channel('call-centre', 'call_webhook', '呼叫中心', ['callbacks'], { callback_path: '/callbacks/call-centre', received: 0, status: 'never_used', status_text: '还没有收到过消息。' }),
    ],
    deadTasks: [
      { id: 'tsk_1', kind: 'deliver_message', key: 'kf-school:cus_he', attempts: 8, reason: '微信客服返回 95018：会话已结束，客户需要先发消息', created_at: at(26 * HOUR) },
      { id: 'tsk_2', kind: 'read_inbox', key: 'archive:batch', attempts: 8, reason: '第 3 条事件缺少 msgtime', created_at: at(30 * HOUR) },
    ],
    imports: [
      { id: 'imp_2', channel: 'calls-import', file_name: '十一月通话-第二周.xlsx', state: 'finished', total: 412, done: 412, added: 0, repeated: 412, rejected: 0, reason: '', started_by: '管理员', created_at: at(4 * HOUR), finished_at: at(4 * HOUR - 9000) },
      { id: 'imp_1', channel: 'calls-import', file_name: '十一月通话-第二周.xlsx', state: 'finished', total: 415, done: 415, added: 412, repeated: 0, rejected: 3, reason: '', started_by: '管理员', created_at: at(5 * HOUR), finished_at: at(5 * HOUR - 14000) },
    ],
    badRows: {
      imp_1: [
        { row: 88, reason: '通话时间 “2026/13/02 10:21” 不是日期', text: '138****7781, 2026/13/02 10:21, 呼出, 122' },
        { row: 203, reason: '缺少电话号码', text: ', 2026/11/14 15:02, 呼入, 35' },
        { row: 341, reason: '通话时长 “三分钟” 不是数字', text: '139****0156, 2026/11/16 09:44, 呼出, 三分钟' },
      ],
    },
    endpoints: [
      { id: 'hook_1', url: 'https://crm.example.com/scrm/events', description: '总部 CRM', event_types: ['entry.added', 'case.opened'], enabled: true, disabled_reason: '', created_at: at(60 * DAY), delivered: 20418, failing: 0 },
      { id: 'hook_2', url: 'https://bi.example.com/hooks/scrm', description: '数据看板', event_types: [], enabled: false, disabled_reason: '连续 5 天投递失败，已自动停用', created_at: at(50 * DAY), delivered: 8112, failing: 37 },
    ],
    deliveries: {
      hook_1: [
        { id: 'dlv_3', event_id: 'evt_90412', event_type: 'entry.added', state: 'delivered', attempts: 1, last_status: 204, last_error: '', last_answer: '', created_at: at(6 * MINUTE), next_attempt_at: null },
        { id: 'dlv_2', event_id: 'evt_90377', event_type: 'case.opened', state: 'delivered', attempts: 2, last_status: 200, last_error: '', last_answer: '{"ok":true}', created_at: at(2.4 * HOUR), next_attempt_at: null },
      ],
      hook_2: [
        { id: 'dlv_9', event_id: 'evt_90412', event_type: 'entry.added', state: 'failed', attempts: 8, last_status: 502, last_error: '对方返回 502', last_answer: '<html><h1>Bad Gateway</h1></html>', created_at: at(6 * DAY), next_attempt_at: null },
        { id: 'dlv_8', event_id: 'evt_90377', event_type: 'entry.added', state: 'waiting', attempts: 3, last_status: null, last_error: '连接超时（10 秒）', last_answer: '', created_at: at(6 * DAY), next_attempt_at: at(-1800_000) },
      ],
    },
    eventTypes: [
      ['entry.added', '时间线上有了新的一条'], ['entry.changed', '一条记录变了：状态、撤回、修改、转写'], ['customer.added', '有了新客户'], ['customer.changed', '客户资料变了'],
      ['customers.merged', '两个客户合并'], ['case.opened', '有了新案件'], ['case.decided', '案件已判定'], ['message.sent', '回复已送达渠道'], ['message.failed', '回复没有送达'],
    ].map(([name, description]) => ({ name, version: 1, description })),
    tokens: [{ id: 'tok_1', name: '总部 CRM 同步', role: 'manager', created_at: at(60 * DAY), expires_at: null, last_used_at: at(6 * MINUTE) }],
  }
}
