import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ApiProblem } from '@/api/client'
import { useCases } from '@/stores/cases'
import { useCustomers } from '@/stores/customers'
import { useDrafts } from '@/stores/drafts'
import { useImports } from '@/stores/imports'
import { useOpenCustomer } from '@/stores/openCustomer'
import { useSession } from '@/stores/session'
import { useTimeline } from '@/stores/timeline'
import { signIn, startSample, until, type Sample } from './sample'

const MOTHER = 'cus_lin'
let sample: Sample

beforeEach(async () => {
  sample = await startSample()
})
afterEach(() => sample.stop())

describe('the session', () => {
  it('leads each role to its own work', async () => {
    const session = useSession()
    await signIn('chen')
    expect([session.home, session.can('customers.reply'), session.can('cases.judge')]).toEqual(['/', true, false])

    await signIn('gu')
    expect([session.home, session.can('customers.reply')]).toEqual(['/audit', false])
  })

  it('is nobody when the server knows no cookie', async () => {
    const session = useSession()

    await session.restore()

    expect(session.user).toBeNull()
  })

  it('refuses a wrong password with words', async () => {
    await expect(useSession().signIn('chen', 'wrong')).rejects.toMatchObject({ status: 401, message: '账号或密码不对。' })
  })

  it('sends the CSRF token with whatever changes something', async () => {
    await signIn('chen')

    await expect(useOpenCustomer().undo('mrg_1')).resolves.toBeUndefined()
  })
})

describe('the customer list', () => {
  it('reads page after page, each customer once', async () => {
    await signIn('chen')
    const customers = useCustomers()

    await customers.load()
    await customers.more()

    const ids = customers.items.map((customer) => customer.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBe(55)
    expect(customers.next).toBeNull()
  })

  it('counts what is unread in all of it, not only in what is shown', async () => {
    await signIn('chen')
    const customers = useCustomers()

    await customers.show({ filter: 'mine' })

    await until(() => customers.unreadTotal === 7)
  })

  it('lets the answer to the last search win', async () => {
    await signIn('chen')
    const customers = useCustomers()

    await Promise.all([customers.show({ query: '发票' }), customers.show({ query: '林晓燕' })])

    expect(customers.items.map((customer) => customer.name)).toEqual(['林晓燕'])
  })

  it('moves a customer to the top when something happens', async () => {
    await signIn('chen')
    const customers = useCustomers()
    await customers.load()
    sample.hub.receive('cus_gao', 'kf-school', '我想好了')

    customers.hear({ id: '1', type: 'entry.added', version: 1, at: '', customer_id: 'cus_gao', payload: {} })

    await until(() => customers.items[0]?.id === 'cus_gao')
    expect(customers.items[0]?.unread).toBe(1)
  })

  it('says why it could not be read', async () => {
    await signIn('chen')
    sample.hub.faults.push(['/customers', 503, { title: '维护中', detail: '五分钟后再试。' }])
    const customers = useCustomers()

    await customers.load()

    expect(customers.problem?.message).toBe('五分钟后再试。')
    expect(customers.loading).toBe(false)
  })
})

describe('the timeline', () => {
  it('finds an entry on a far older page', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)
    expect(timeline.entries).toHaveLength(50)

    const found = await timeline.seek('ent_00001')

    expect(found).toBe(true)
    expect(timeline.wanted?.id).toBe('ent_00001')
    expect(timeline.entries.map((entry) => entry.at)).toEqual(timeline.entries.map((entry) => entry.at).toSorted())
  })

  it('admits that an entry is not there', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)

    expect(await timeline.seek('ent_none')).toBe(false)
  })

  it('keeps to its filter when something new comes in', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)
    await timeline.show({ channel: 'web-chat' })
    const before = timeline.entries.length
    const entry = sample.hub.receive(MOTHER, 'kf-school', '在吗')

    await timeline.hear({ id: '1', type: 'entry.added', version: 1, at: '', customer_id: MOTHER, payload: { entry_id: entry.id } })

    expect(timeline.entries).toHaveLength(before)
  })

  it('shows nothing of the customer left behind when answers come late', async () => {
    await signIn('chen')
    const timeline = useTimeline()

    await Promise.all([timeline.open(MOTHER), timeline.open('cus_wu')])

    expect(new Set(timeline.entries.map((entry) => entry.customer_id))).toEqual(new Set(['cus_wu']))
  })

  it('shows a message at once and the server’s word afterwards, once', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)

    const sending = timeline.send({ text: '好的，马上确认', channel: 'kf-school' }, null, '陈一鸣')
    const shownAt = timeline.entries.at(-1)
    await sending

    expect(shownAt).toMatchObject({ text: '好的，马上确认', state: 'queued' })
    expect(timeline.entries.filter((entry) => entry.text === '好的，马上确认').map((entry) => entry.id.startsWith('local:'))).toEqual([false])
  })

  it('does not show a sent message twice when the stream is faster than the answer', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)
    timeline.pending = [{ key: 'k', message: { text: '您好' }, entry: { ...sampleEntry(timeline), id: 'local:k', text: '您好', state: 'queued' } }]

    timeline.place({ ...sampleEntry(timeline), id: 'ent_new', text: '您好', direction: 'outbound', at: new Date().toISOString() })

    expect(timeline.entries.filter((entry) => entry.text === '您好').map((entry) => entry.id)).toEqual(['ent_new'])
  })

  it('repeats a message that met a broken line with the same key, so that it cannot go out twice', async () => {
    await signIn('chen')
    const timeline = useTimeline()
    await timeline.open(MOTHER)
    sample.hub.faults.push(['/messages', 0])

    await timeline.send({ text: '稍等', channel: 'kf-school' }, null, '陈一鸣')
    const failed = timeline.entries.at(-1)
    await timeline.resend(failed?.id ?? '')

    expect(failed).toMatchObject({ state: 'failed', state_reason: 'offline' })
    const keys = sample.hub.requests.filter((request) => request.path.endsWith('/messages')).map((request) => request.key)
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBe(keys[1])
    expect(timeline.entries.filter((entry) => entry.text === '稍等')).toHaveLength(1)
  })
})

describe('the draft', () => {
  async function open() {
    await signIn('chen')
    await Promise.all([useOpenCustomer().open(MOTHER), useTimeline().open(MOTHER)])
    const drafts = useDrafts()
    drafts.start(MOTHER)
    return drafts
  }

  it('is checked once, after the last keystroke', async () => {
    const drafts = await open()

    for (const words of ['年课 5', '年课 5,6', '年课 5,680 元']) drafts.write(words)
    await until(() => drafts.findings.length === 1)

    expect(sample.hub.requests.filter((request) => request.path.endsWith('/draft-checks'))).toHaveLength(1)
    expect(drafts.blocking).toBe(true)
    expect(drafts.findings[0]?.against?.text).toContain('4,980 元')
  })

  it('with a blocking finding stays until a reason is given', async () => {
    const drafts = await open()
    drafts.write('年课 5,680 元')
    await until(() => drafts.blocking)

    expect(await drafts.send()).toBe(false)
    drafts.acknowledging = true
    drafts.reason = '客户要求含住宿'
    expect(await drafts.send()).toBe(true)

    expect(drafts.text).toBe('')
    expect(useTimeline().entries.at(-1)?.text).toBe('年课 5,680 元')
  })

  it('that is sent before it was checked comes back with the server’s findings', async () => {
    const drafts = await open()
    drafts.write('年课 5,680 元')

    expect(await drafts.send()).toBe(false)

    expect(drafts.text).toBe('年课 5,680 元')
    expect(drafts.findings.map((finding) => finding.rule)).toEqual(['price-higher-later'])
    expect(drafts.problem).toBeNull()
    expect(useTimeline().pending).toEqual([])
  })

  it('is kept for each customer', async () => {
    const drafts = await open()
    drafts.write('写到一半')

    drafts.start('cus_wu')
    expect(drafts.text).toBe('')
    drafts.start(MOTHER)

    expect(drafts.text).toBe('写到一半')
    drafts.write('')
  })

  it('gives way to a suggestion, and can be brought back', async () => {
    const drafts = await open()
    await until(() => drafts.suggestions.length === 3)
    drafts.write('我自己写的')

    const [first] = drafts.suggestions
    if (first) drafts.take(first)
    expect([drafts.text, drafts.scriptId]).toEqual([first?.text, 'scr_keep'])
    drafts.bringBack()

    expect([drafts.text, drafts.scriptId]).toEqual(['我自己写的', null])
    drafts.write('')
  })

  it('is not lost when the channel has closed meanwhile', async () => {
    const drafts = await open()
    drafts.write('您好')
    sample.hub.faults.push(['/messages', 409, { title: '渠道已关闭', detail: '客户 48 小时内没有来过消息。' }])

    expect(await drafts.send()).toBe(false)

    expect([drafts.text, drafts.problem?.message]).toEqual(['您好', '客户 48 小时内没有来过消息。'])
    drafts.write('')
  })
})

describe('cases', () => {
  it('are claimed, judged on the version that was seen, and leave the queue', async () => {
    await signIn('gu')
    const cases = useCases()
    await cases.load()
    await cases.open('cas_lin')

    expect(await cases.claim()).toBe(true)
    expect(await cases.decide({ verdict: 'violation', reason: '', note: '按 4,980 元履约' })).toBe(true)

    expect(cases.detail).toMatchObject({ state: 'decided', verdict: 'violation' })
    expect(cases.items.map((item) => item.id)).toContain('cas_lin')

    await cases.open('cas_gao')

    expect(cases.items.map((item) => item.id)).not.toContain('cas_lin')
  })

  it('that changed meanwhile are not judged', async () => {
    await signIn('gu')
    const cases = useCases()
    await cases.open('cas_lin')
    await cases.claim()
    const stored = sample.hub.cases.get('cas_lin')
    if (stored) stored.version += 1

    expect(await cases.decide({ verdict: 'violation', reason: '', note: '' })).toBe(false)
    expect(cases.stale).toBe(true)
    await cases.reload()

    expect([cases.stale, cases.detail?.version]).toEqual([false, stored?.version])
  })

  it('are filtered by severity', async () => {
    await signIn('gu')
    const cases = useCases()

    await cases.show({ severity: 'S2' })

    expect(cases.items.map((item) => item.id)).toEqual(['cas_gao'])
  })
})

describe('imports', () => {
  it('show their progress from the stream, and never run backwards', async () => {
    await signIn('admin')
    const imports = useImports()
    await imports.load()
    const started = await imports.start('calls-import', new File(['a,b'], '通话.csv'))
    await until(() => sample.hub.requests.length > 0)

    for (let look = 0; look < 12; look++) {
      await imports.hear({ id: String(look), type: 'import.progressed', version: 1, at: '', customer_id: null, payload: { import_id: started.id } })
      await new Promise((resolve) => setTimeout(resolve, 15))
    }

    expect(imports.items[0]).toMatchObject({ file_name: '通话.csv', state: 'finished', added: 216, repeated: 22, rejected: 2 })
  })
})

describe('problems', () => {
  it('of the network are told from those of the server', async () => {
    await signIn('chen')
    sample.hub.faults.push(['/customers', 0])
    const customers = useCustomers()

    await customers.load()

    expect((customers.problem as ApiProblem).offline).toBe(true)
  })
})

function sampleEntry(timeline: ReturnType<typeof useTimeline>) {
  const entry = timeline.stored.at(-1)
  if (!entry) throw new Error('the timeline is empty')
  return entry
}
