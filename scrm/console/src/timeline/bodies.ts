/** Reading what is special to each kind of entry out of its open `body`. */
import type { EntryOut } from '@/api/types'

type Body = EntryOut['body']

export interface CallBody {
  phone: string
  disposition: string
  talkS: number
  ringS: number | null
  transcript: string
  recording: string
  summary: string
}

export function callBody(body: Body): CallBody {
  return {
    phone: words(body, 'phone'),
    disposition: words(body, 'disposition'),
    talkS: count(body, 'talk_s') ?? 0,
    ringS: count(body, 'ring_s'),
    transcript: words(body, 'transcript'),
    recording: words(body, 'recording'),
    summary: words(body, 'summary'),
  }
}

export interface MessageBody {
  form: string
  media: Record<string, unknown>
}

export function messageBody(body: Body): MessageBody {
  const media = body['media']
  return { form: words(body, 'form') || 'text', media: isRecord(media) ? media : {} }
}

/** A name for attached media, empty when it has none. */
export function mediaName(media: Record<string, unknown>): string {
  for (const key of ['name', 'file_name', 'filename', 'title', 'label']) {
    const found = words(media, key)
    if (found) return found
  }
  return ''
}

/** An address media may be opened at: http(s) or a path of this server, nothing else. */
export function mediaLink(media: Record<string, unknown>): string {
  for (const key of ['url', 'link', 'pic_url']) {
    const found = words(media, key)
    if (/^https?:\/\//.test(found) || /^\/(?!\/)/.test(found)) return found
  }
  return ''
}

export function words(body: Record<string, unknown>, key: string): string {
  const value = body[key]
  return typeof value === 'string' ? value : ''
}

function count(body: Record<string, unknown>, key: string): number | null {
  const value = body[key]
  return typeof value === 'number' ? value : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
