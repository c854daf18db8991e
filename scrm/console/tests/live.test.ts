import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LiveEvent } from '@/api/types'
import { useLive } from '@/stores/live'
import { signIn, startSample, until, type Sample } from './sample'

let sample: Sample
const heard: LiveEvent[] = []
let resyncs = 0

beforeEach(async () => {
  sample = await startSample()
  await signIn('chen')
  heard.length = 0
  resyncs = 0
  const live = useLive()
  live.onEvent((event) => heard.push(event))
  live.onResync(() => (resyncs += 1))
  live.start('/api/v1/events', { open: sample.openSource, firstWaitMs: 20 })
  await until(() => live.state === 'open')
})

afterEach(async () => {
  useLive().stop()
  await sample.stop()
})

describe('the live stream', () => {
  it('tells each event once, even when the server repeats it', async () => {
    const event = sample.hub.tell('entry.added', 'cus_wu', { entry_id: 'ent_1' })
    sample.hub.tellAgain(event)
    sample.hub.tell('case.opened', 'cus_wu', { case_id: 'cas_1' })

    await until(() => heard.length === 2)

    expect(heard.map((each) => each.type)).toEqual(['entry.added', 'case.opened'])
  })

  it('comes back by itself with what happened meanwhile', async () => {
    sample.hub.tell('entry.added', 'cus_wu', { entry_id: 'ent_1' })
    await until(() => heard.length === 1)
    for (const stream of sample.hub.streams) stream.end()
    sample.hub.streams.clear()
    sample.hub.tell('entry.added', 'cus_wu', { entry_id: 'ent_2' })

    await until(() => heard.length === 2)

    expect(heard[1]?.payload).toEqual({ entry_id: 'ent_2' })
    expect(resyncs).toBe(0)
  })

  it('asks for everything anew after the server refused it for a while', async () => {
    sample.hub.faults.push(['/events', 503], ['/events', 503])
    for (const stream of sample.hub.streams) stream.end()
    sample.hub.streams.clear()

    await until(() => useLive().state === 'open' && resyncs === 1)
  })

  it('passes on that too much was missed', async () => {
    sample.hub.resync()

    await until(() => resyncs === 1)
  })

  it('tells who is typing without remembering it', async () => {
    const typing: string[] = []
    useLive().onTyping((event) => typing.push(event.customer_id))

    sample.hub.typing('cus_lin')
    sample.hub.typing('cus_lin')

    await until(() => typing.length === 2)
  })
})
