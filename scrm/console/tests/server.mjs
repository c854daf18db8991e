/**
 * A small server that speaks the hub's REST contract and tells one invented story: for the console's tests and for
 * working on the console without a hub. `node tests/server.mjs [port]` also serves the built console from dist/.
 */
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tellStory } from './story.mjs'

const REP = ['customers.read', 'customers.reply', 'customers.merge', 'phones.reveal', 'prices.read', 'scripts.read']
const AUDITOR = ['customers.read', 'cases.read', 'cases.judge', 'prices.read']
const ADMIN = [...new Set([...REP, ...AUDITOR, 'channels.read', 'imports.run', 'webhooks.manage', 'users.manage', 'tokens.manage', 'tasks.replay'])]
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' }
const DIST = fileURLToPath(new URL('../dist', import.meta.url))

export const PASSWORD = 'sample-password'

/** Starts the server on 127.0.0.1. `now` (ms) fixes the story; `port` 0 takes a free one; `stepMs` paces what goes on by itself. */
export async function startServer({ port = 0, now = Date.now(), stepMs = 700 } = {}) {
  const hub = makeHub(now, stepMs)
  const server = createServer((request, response) => {
    serve(hub, request, response).catch((error) => problem(response, 500, 'Internal error', String(error)))
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    hub,
    stop: () => {
      hub.stop()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

function makeHub(now, stepMs) {
  const story = tellStory(now)
  const users = [
    { id: 'usr_1', login: 'chen', name: '陈一鸣', role: 'rep', permissions: REP },
    { id: 'usr_2', login: 'gu', name: '顾明', role: 'auditor', permissions: AUDITOR },
    { id: 'usr_3', login: 'admin', name: '管理员', role: 'admin', permissions: ADMIN },
  ]
  const streams = new Set()
  const timers = new Set()
  const log = []
  let events = 90_500
  let made = 0
  const hub = {
    ...story,
    users,
    sessions: new Map(),
    answers: new Map(),
    streams,
    requests: [],
    /** The next answers to a path, taken in order: [path part, status, body]. */
    faults: [],
    id: (prefix) => `${prefix}_x${++made}`,
    later: (run, steps = 1) => {
      const timer = setTimeout(() => {
        timers.delete(timer)
        run()
      }, stepMs * steps)
      timers.add(timer)
    },
    tell: (type, customerId, payload) => {
      const event = { id: String(++events), type, version: 1, at: new Date().toISOString(), customer_id: customerId, payload }
      log.push(event)
      for (const stream of streams) stream.write(frame(event))
      return event
    },
    tellAgain: (event) => {
      for (const stream of streams) stream.write(frame(event))
    },
    resync: () => {
      for (const stream of streams) stream.write('event: resync\ndata: {}\n\n')
    },
    typing: (customerId) => {
      for (const stream of streams) stream.write(`event: typing\ndata: ${JSON.stringify({ customer_id: customerId, direction: 'inbound' })}\n\n`)
    },
    since: (id) => log.filter((event) => Number(event.id) > Number(id)),
    receive: (customerId, channel, text) => receive(hub, customerId, channel, text),
    timeline: (customerId) => [...story.entries.values()].filter((each) => each.customer_id === customerId).sort((a, b) => b.at.localeCompare(a.at) || b.id.localeCompare(a.id)),
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
      for (const stream of streams) stream.end()
    },
  }
  return hub
}

function frame(event) {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function receive(hub, customerId, channel, text) {
  const [kind, label] = hub.channels[channel]
  const at = new Date().toISOString()
  const entry = {
    id: hub.id('ent'), customer_id: customerId, channel, channel_kind: kind, channel_label: label, thread: channel, kind: 'message', direction: 'inbound',
    speaker: 'customer', actor: '', actor_name: '', at, received_at: at, text, body: { form: 'text', media: {} }, state: 'received', state_reason: '',
    tags: [], claims: [], versions: [], findings: [],
  }
  hub.entries.set(entry.id, entry)
  const customer = hub.customers.get(customerId)
  customer.unread += 1
  hub.tell('entry.added', customerId, { entry_id: entry.id })
  return entry
}

// --- requests ----------------------------------------------------------------------------------------------------

async function serve(hub, request, response) {
  const url = new URL(request.url, 'http://localhost')
  if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response)
  const path = url.pathname.replace('/api/v1', '')
  const body = await readBody(request)
  hub.requests.push({ method: request.method, path, key: request.headers['idempotency-key'] ?? null, language: request.headers['accept-language'] ?? null })
  const fault = hub.faults.findIndex(([part]) => path.includes(part))
  if (fault !== -1) {
    const [, status, answer] = hub.faults.splice(fault, 1)[0]
    if (status === 0) return request.socket.destroy()
    return status >= 400 ? problem(response, status, answer?.title ?? 'Fault', answer?.detail ?? '') : json(response, status, answer)
  }
  const session = hub.sessions.get(/scrm_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1])
  if (path === '/session') return sessions(hub, request, response, body, session)
  if (!session) return problem(response, 401, '未登录', '请先登录。')
  if (!['GET', 'HEAD'].includes(request.method) && request.headers['x-csrf-token'] !== session.csrf) {
    return problem(response, 403, '请求被拒绝', '缺少 X-CSRF-Token，请刷新页面。')
  }
  for (const [method, pattern, run] of ROUTES) {
    const match = pattern.exec(path)
    if (match && method === request.method) {
      return run({ hub, response, body, query: url.searchParams, params: match.slice(1).map(decodeURIComponent), user: session.user, request })
    }
  }
  problem(response, 404, '没有这个地址', path)
}

function sessions(hub, request, response, body, session) {
  if (request.method === 'GET') return session ? json(response, 200, { user: session.user, csrf: session.csrf }) : problem(response, 401, '未登录', '请先登录。')
  if (request.method === 'DELETE') {
    response.writeHead(204, { 'Set-Cookie': 'scrm_session=; Max-Age=0; Path=/' })
    return response.end()
  }
  const user = hub.users.find((each) => each.login === body.login)
  if (!user || body.password !== PASSWORD) return problem(response, 401, '登录失败', '账号或密码不对。')
  const key = `s${hub.sessions.size + 1}`
  hub.sessions.set(key, { user, csrf: `csrf-${key}` })
  json(response, 200, { user, csrf: `csrf-${key}` }, { 'Set-Cookie': `scrm_session=${key}; HttpOnly; Path=/` })
}

const ROUTES = [
  ['GET', /^\/customers$/, listCustomers],
  ['GET', /^\/customers\/([^/]+)$/, ({ hub, response, params: [id] }) => withCustomer(hub, response, id, () => json(response, 200, detail(hub, id)))],
  ['PATCH', /^\/customers\/([^/]+)$/, ({ hub, response, params: [id], body }) => withCustomer(hub, response, id, (customer) => {
    if (body.name) customer.name = body.name
    json(response, 200, detail(hub, id))
  })],
  ['GET', /^\/customers\/([^/]+)\/timeline$/, ({ hub, response, params: [id], query }) => {
    const all = hub.timeline(id).filter((each) => (!query.get('channel') || each.channel === query.get('channel')) && (!query.get('kind') || each.kind === query.get('kind')))
    json(response, 200, page(all, query, 50))
  }],
  ['POST', /^\/customers\/([^/]+)\/read$/, ({ hub, response, params: [id] }) => withCustomer(hub, response, id, (customer) => {
    customer.unread = 0
    empty(response)
  })],
  ['GET', /^\/customers\/([^/]+)\/suggestions$/, ({ hub, response, params: [id] }) => json(response, 200, { items: id === 'cus_lin' ? hub.suggestions : [], next: null })],
  ['POST', /^\/customers\/([^/]+)\/draft-checks$/, ({ hub, response, params: [id], body }) => json(response, 200, { findings: findings(hub, id, body.text) })],
  ['POST', /^\/customers\/([^/]+)\/messages$/, sendMessage],
  ['POST', /^\/customers\/([^/]+)\/typing$/, ({ response }) => empty(response)],
  ['POST', /^\/customers\/([^/]+)\/merges$/, ({ hub, response, params: [id], body }) => {
    const other = hub.customers.get(body.other_id)
    const merge = { id: hub.id('mrg'), other_name: other?.name ?? '', automatic: false, reason: body.reason, actor: '陈一鸣', at: new Date().toISOString(), undone_at: null }
    detail(hub, id).merges.push(merge)
    json(response, 201, { customer_id: id, merge_id: merge.id })
    hub.tell('customers.merged', id, { merge_id: merge.id })
  }],
  ['DELETE', /^\/merges\/([^/]+)$/, ({ hub, response, params: [mergeId] }) => {
    for (const each of hub.details.values()) for (const merge of each.merges) if (merge.id === mergeId) merge.undone_at = new Date().toISOString()
    empty(response)
  }],
  ['GET', /^\/customers\/([^/]+)\/phones\/([^/]+)$/, ({ response }) => json(response, 200, { value: '+8613800006127' })],
  ['GET', /^\/entries\/([^/]+)$/, ({ hub, response, params: [id] }) => (hub.entries.has(id) ? json(response, 200, hub.entries.get(id)) : problem(response, 404, '没有这条记录', id))],
  ['POST', /^\/entries\/([^/]+)\/handed-over$/, ({ hub, response, params: [id] }) => changeEntry(hub, response, id, { state: 'handed_over' })],
  ['POST', /^\/entries\/([^/]+)\/retry$/, ({ hub, response, params: [id] }) => {
    changeEntry(hub, response, id, { state: 'queued', state_reason: '' })
    deliver(hub, hub.entries.get(id), false)
  }],
  ['GET', /^\/cases$/, ({ hub, response, query }) => {
    const state = query.get('state') ?? 'open'
    const all = [...hub.cases.values()]
      .filter((each) => state === 'all' || (each.state === 'decided') === ['decided', 'done'].includes(state))
      .filter((each) => (!query.get('rule') || each.rule === query.get('rule')) && (!query.get('severity') || each.severity === query.get('severity')))
      .sort((a, b) => b.severity.localeCompare(a.severity) || a.opened_at.localeCompare(b.opened_at))
    json(response, 200, page(all.map(row), query, 50))
  }],
  ['GET', /^\/cases\/facets$/, ({ hub, response }) => {
    const count = (of, name = of) => [...Map.groupBy(hub.cases.values(), of)].filter(([value]) => value != null).map(([value, cases]) => ({ value, name: name(cases[0]), count: cases.length }))
    json(response, 200, { total: hub.cases.size, states: count((c) => c.state), rules: count((c) => c.rule, (c) => c.rule_name), severities: count((c) => c.severity), reps: [], channels: [], assignees: count((c) => c.assignee_id, (c) => c.assignee), products: count((c) => c.sku, (c) => c.product) })
  }],
  ['GET', /^\/cases\/([^/]+)$/, ({ hub, response, params: [id], user }) => (hub.cases.has(id) ? json(response, 200, seen(hub.cases.get(id), user)) : problem(response, 404, '没有这个案件', id))],
  ['POST', /^\/cases\/([^/]+)\/claim$/, ({ hub, response, params: [id], user }) => changeCase(hub, response, id, user, 'claimed', { state: 'claimed', assignee: user.name, assignee_id: user.id })],
  ['POST', /^\/cases\/([^/]+)\/release$/, ({ hub, response, params: [id], user }) => changeCase(hub, response, id, user, 'released', { state: 'new', assignee: null, assignee_id: null })],
  ['POST', /^\/cases\/([^/]+)\/verdict$/, ({ hub, response, params: [id], user, body }) => {
    if (hub.cases.get(id).version !== body.version) return problem(response, 409, '案件已被更改', '有人在您查看之后改动了这个案件。')
    const look = { round: 1, look: 1, verdict: body.verdict, reason: body.reason, note: body.note, by: user.name, at: new Date().toISOString() }
    changeCase(hub, response, id, user, 'decided', { state: 'decided', verdict: body.verdict, looks: [look] }, body.note)
  }],
  ['GET', /^\/channels$/, ({ hub, response }) => json(response, 200, { items: hub.channelRows, next: null })],
  ['POST', /^\/channels\/([^/]+)\/replay-parked$/, ({ hub, response, params: [name] }) => {
    const channel = hub.channelRows.find((each) => each.name === name)
    const replayed = channel.parked
    Object.assign(channel, { parked: 0, status: 'ok', status_text: '正常' })
    json(response, 200, { replayed })
  }],
  ['GET', /^\/tasks\/dead$/, ({ hub, response }) => json(response, 200, { items: hub.deadTasks, next: null })],
  ['POST', /^\/tasks\/([^/]+)\/replay$/, ({ hub, response, params: [id] }) => {
    hub.deadTasks = hub.deadTasks.filter((task) => task.id !== id)
    empty(response)
  }],
  ['GET', /^\/figures$/, ({ hub, response }) => json(response, 200, { customers: hub.customers.size, entries: 71_291, open_cases: 3, waiting_tasks: 2, oldest_task_s: 0.4 })],
  ['GET', /^\/imports$/, ({ hub, response }) => json(response, 200, { items: hub.imports, next: null })],
  ['POST', /^\/imports$/, startImport],
  ['GET', /^\/imports\/([^/]+)$/, ({ hub, response, params: [id] }) => json(response, 200, hub.imports.find((each) => each.id === id))],
  ['GET', /^\/imports\/([^/]+)\/bad-rows$/, ({ hub, response, params: [id] }) => json(response, 200, { items: hub.badRows[id] ?? [], next: null })],
  ['GET', /^\/webhooks$/, ({ hub, response }) => json(response, 200, { items: hub.endpoints, next: null })],
  ['POST', /^\/webhooks$/, ({ hub, response, body }) => {
    const endpoint = { id: hub.id('hook'), url: body.url, description: body.description ?? '', event_types: body.event_types ?? [], enabled: true, disabled_reason: '', created_at: new Date().toISOString(), delivered: 0, failing: 0 }
    hub.endpoints.unshift(endpoint)
    json(response, 201, { ...endpoint, secret: 'whsec_c2FtcGxlLXNlY3JldC1mb3ItdGhlLWNvbnNvbGU=' })
  }],
  ['PATCH', /^\/webhooks\/([^/]+)$/, ({ hub, response, params: [id], body }) => {
    const endpoint = hub.endpoints.find((each) => each.id === id)
    Object.assign(endpoint, body, body.enabled ? { disabled_reason: '' } : {})
    json(response, 200, endpoint)
  }],
  ['DELETE', /^\/webhooks\/([^/]+)$/, ({ hub, response, params: [id] }) => {
    hub.endpoints = hub.endpoints.filter((each) => each.id !== id)
    empty(response)
  }],
  ['POST', /^\/webhooks\/([^/]+)\/test$/, ({ hub, response, params: [id] }) => {
    const delivery = { id: hub.id('dlv'), event_id: hub.id('evt'), event_type: 'webhook.test', state: 'delivered', attempts: 1, last_status: 200, last_error: '', last_answer: 'ok', created_at: new Date().toISOString(), next_attempt_at: null }
    hub.deliveries[id] = [delivery, ...(hub.deliveries[id] ?? [])]
    json(response, 200, delivery)
  }],
  ['GET', /^\/webhooks\/([^/]+)\/deliveries$/, ({ hub, response, params: [id] }) => json(response, 200, { items: hub.deliveries[id] ?? [], next: null })],
  ['POST', /^\/deliveries\/([^/]+)\/replay$/, ({ hub, response, params: [id] }) => {
    const delivery = Object.values(hub.deliveries).flat().find((each) => each.id === id)
    Object.assign(delivery, { state: 'waiting', next_attempt_at: new Date().toISOString() })
    json(response, 200, delivery)
  }],
  ['GET', /^\/event-types$/, ({ hub, response }) => json(response, 200, { items: hub.eventTypes, next: null })],
  ['GET', /^\/prices$/, ({ hub, response }) => json(response, 200, { items: hub.priceBook, next: null })],
  ['GET', /^\/scripts$/, ({ hub, response, query }) => {
    const words = query.get('query') ?? ''
    json(response, 200, { items: hub.scripts.filter((each) => (each.title + each.text + each.category).includes(words)), next: null })
  }],
  ['GET', /^\/users$/, ({ hub, response }) => json(response, 200, { items: hub.users, next: null })],
  ['POST', /^\/users$/, ({ hub, response, body }) => {
    const user = { id: hub.id('usr'), login: body.login, name: body.name, role: body.role, permissions: REP }
    hub.users.push(user)
    json(response, 201, user)
  }],
  ['GET', /^\/tokens$/, ({ hub, response }) => json(response, 200, { items: hub.tokens, next: null })],
  ['POST', /^\/tokens$/, ({ hub, response, body }) => {
    const token = { id: hub.id('tok'), name: body.name, role: body.role ?? 'rep', created_at: new Date().toISOString(), expires_at: body.expires_at ?? null, last_used_at: null }
    hub.tokens.unshift(token)
    json(response, 201, { ...token, secret: 'scrm_sample_6tq1v0s9' })
  }],
  ['DELETE', /^\/tokens\/([^/]+)$/, ({ hub, response, params: [id] }) => {
    hub.tokens = hub.tokens.filter((each) => each.id !== id)
    empty(response)
  }],
  ['GET', /^\/events$/, openStream],
]

function listCustomers({ hub, response, query, user }) {
  const words = query.get('query') ?? ''
  const filter = query.get('filter') ?? 'all'
  const rows = [...hub.customers.keys()]
    .map((id) => customerRow(hub, id))
    .filter((each) => filter !== 'unread' || each.unread > 0)
    .filter((each) => filter !== 'mine' || each.owner === user.name)
    .filter((each) => !words || each.name.includes(words) || hub.timeline(each.id).some((entry) => entry.text.includes(words)))
    .sort((a, b) => (b.last_entry?.at ?? '').localeCompare(a.last_entry?.at ?? ''))
  json(response, 200, page(rows, query, 30))
}

function customerRow(hub, id) {
  const last = hub.timeline(id)[0]
  const preview = last && { at: last.at, kind: last.kind, channel: last.channel, channel_kind: last.channel_kind, direction: last.direction, text: last.text || last.body.summary || '' }
  return { ...hub.customers.get(id), last_entry: preview ?? null }
}

function detail(hub, id) {
  if (!hub.details.has(id)) {
    const [channel] = hub.timeline(id)
    hub.details.set(id, {
      identities: [{ id: `idn_${id}`, namespace: 'unionid', label: channel?.channel_label ?? '渠道', value: `${id.slice(4)}…`, reason: '首次联系时的身份', linked_at: channel?.at ?? new Date().toISOString() }],
      merges: [], maybe_same: [], standing_claims: [],
      reply_channels: channel ? [{ channel: channel.channel, channel_kind: channel.channel_kind, label: channel.channel_label, mode: 'send', open: !channel.channel_kind.startsWith('call'), reason: channel.channel_kind.startsWith('call') ? '这个渠道不能回复' : '', closes_at: null, remaining: null }] : [],
    })
  }
  return Object.assign(hub.details.get(id), customerRow(hub, id))
}

function findings(hub, customerId, text) {
  const found = []
  const amount = /(\d[\d,]{3,})\s*元?/.exec(text)
  if (customerId === 'cus_lin' && amount && Number(amount[1].replaceAll(',', '')) > 4980) {
    const against = hub.cases.get('cas_lin').evidence[0].against
    const value = Number(amount[1].replaceAll(',', ''))
    found.push({
      rule: 'price-higher-later', rule_name: '报价高于先前报价', severity: 'S3', blocking: true,
      reason: `${against.actor_name} 在${against.channel_label}报价 4,980 元仍有效；这里写的是 ${amount[1]} 元，高 ${value - 4980} 元。`,
      start: Array.from(text.slice(0, amount.index)).length, end: Array.from(text.slice(0, amount.index + amount[0].trimEnd().length)).length, against,
    })
  }
  const promise = text.indexOf('保证')
  if (promise !== -1) {
    const start = Array.from(text.slice(0, promise)).length
    found.push({ rule: 'promise-education', rule_name: '保证教学效果', severity: 'S2', blocking: false, reason: '写有“保证”：教育培训不能对效果作出保证性承诺。', start, end: start + 2, against: null })
  }
  return found
}

function sendMessage({ hub, response, params: [id], body, user, request }) {
  const key = request.headers['idempotency-key']
  if (hub.answers.has(key)) return json(response, 201, hub.answers.get(key))
  const found = findings(hub, id, body.text)
  if (found.some((finding) => finding.blocking) && !body.acknowledged_reason) {
    return problem(response, 409, '草稿与先前的报价不一致', found[0].reason, found)
  }
  const way = detail(hub, id).reply_channels.find((each) => (body.channel ? each.channel === body.channel : each.open))
  if (!way?.open) return problem(response, 409, '渠道已关闭', way?.reason ?? '没有可用的渠道')
  const at = new Date().toISOString()
  const entry = {
    id: hub.id('ent'), customer_id: id, channel: way.channel, channel_kind: way.channel_kind, channel_label: way.label, thread: way.channel, kind: 'message',
    direction: 'outbound', speaker: 'rep', actor: user.id, actor_name: user.name, at, received_at: at, text: body.text, body: { form: 'text', media: {} },
    state: 'queued', state_reason: '', tags: [], claims: [], versions: [], findings: found,
  }
  hub.entries.set(entry.id, entry)
  if (way.remaining) way.remaining -= 1
  hub.answers.set(key, { ...entry })
  json(response, 201, entry)
  hub.tell('message.queued', id, { entry_id: entry.id })
  if (way.mode === 'send') deliver(hub, entry, body.text.includes('发送失败'))
}

function deliver(hub, entry, fails) {
  hub.later(() => {
    entry.state = 'sending'
    hub.tell('entry.changed', entry.customer_id, { entry_id: entry.id })
  })
  hub.later(() => {
    Object.assign(entry, fails ? { state: 'failed', state_reason: '微信客服返回 95018：会话已结束' } : { state: 'sent' })
    hub.tell(fails ? 'message.failed' : 'message.sent', entry.customer_id, { entry_id: entry.id })
  }, 2)
}

function changeEntry(hub, response, id, change) {
  const entry = hub.entries.get(id)
  if (!entry) return problem(response, 404, '没有这条记录', id)
  Object.assign(entry, change)
  json(response, 200, entry)
  hub.tell('entry.changed', entry.customer_id, { entry_id: id })
}

function changeCase(hub, response, id, user, action, change, note = '') {
  const found = hub.cases.get(id)
  if (!found) return problem(response, 404, '没有这个案件', id)
  const at = new Date().toISOString()
  Object.assign(found, change, { version: found.version + 1, updated_at: at })
  found.history.push({ at, actor: user.name, action, note })
  json(response, 200, seen(found, user))
  hub.tell(change.state === 'decided' ? 'case.decided' : 'case.changed', found.customer_id, { case_id: id })
}

/** A case with what this person may do with it. */
function seen(found, user) {
  if (!user.permissions.includes('cases.judge')) return { ...found, can: [] }
  if (found.state === 'decided') return { ...found, can: found.verdict === 'violation' ? ['remedy', 'reopen'] : ['close', 'reopen'] }
  return { ...found, can: found.assignee ? (found.assignee === user.name ? ['release', 'decide'] : []) : ['claim', 'decide'] }
}

function startImport({ hub, response, body, user }) {
  const item = { id: hub.id('imp'), channel: 'calls-import', file_name: body.fileName ?? 'calls.xlsx', state: 'running', total: 240, done: 0, added: 0, repeated: 0, rejected: 0, reason: '', started_by: user.name, created_at: new Date().toISOString(), finished_at: null }
  hub.imports.unshift(item)
  json(response, 202, { ...item })
  for (let step = 1; step <= 6; step++) {
    hub.later(() => {
      item.done = step * 40
      item.added = step * 36
      item.repeated = step * 4 - (step === 6 ? 2 : 0)
      item.rejected = step === 6 ? 2 : 0
      if (step === 6) {
        Object.assign(item, { state: 'finished', finished_at: new Date().toISOString() })
        hub.badRows[item.id] = hub.badRows.imp_1.slice(0, 2)
      }
      hub.tell(step === 6 ? 'import.finished' : 'import.progressed', null, { import_id: item.id })
    }, step)
  }
}

function openStream({ hub, request, response }) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write('retry: 200\n\n')
  const last = request.headers['last-event-id']
  if (last) for (const event of hub.since(last)) response.write(frame(event))
  hub.streams.add(response)
  request.on('close', () => hub.streams.delete(response))
}

// --- answers -----------------------------------------------------------------------------------------------------

function page(items, query, standard) {
  const limit = Number(query.get('limit') ?? standard)
  const from = Number(query.get('cursor') ?? 0)
  return { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null }
}

function row(detailed) {
  return Object.fromEntries(Object.entries(detailed).filter(([name]) => !['evidence', 'history', 'price_book'].includes(name)))
}

function withCustomer(hub, response, id, run) {
  const customer = hub.customers.get(id)
  return customer ? run(customer) : problem(response, 404, '没有这个客户', id)
}

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function empty(response) {
  response.writeHead(204)
  response.end()
}

function problem(response, status, title, detailText, found) {
  response.writeHead(status, { 'Content-Type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'about:blank', title, status, detail: detailText, findings: found ?? null }))
}

async function readBody(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  if (request.headers['content-type']?.startsWith('multipart/')) return { fileName: /filename="([^"]+)"/.exec(text)?.[1] }
  return text ? JSON.parse(text) : {}
}

function serveFile(path, response) {
  const wanted = join(DIST, path)
  const file = wanted.startsWith(DIST) && extname(path) && existsSync(wanted) ? wanted : join(DIST, 'index.html')
  if (!existsSync(file)) return problem(response, 404, 'Not built', 'Run npm run build.')
  response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' })
  createReadStream(file).pipe(response)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startServer({ port: Number(process.argv[2] ?? 8000) })
  console.log(`${url}  sign in as chen, gu or admin with ${PASSWORD}`)
}
