/** The shapes of the REST API under short names. All code imports them from here; `npm run types` renews their source. */
import type { components, paths } from './schema'

type Shapes = components['schemas']

export interface PageOf<Item> {
  items: Item[]
  next?: string | null
}

export type CustomersQuery = NonNullable<paths['/api/v1/customers']['get']['parameters']['query']>
export type TimelineQuery = NonNullable<paths['/api/v1/customers/{id}/timeline']['get']['parameters']['query']>
export type CasesQuery = NonNullable<paths['/api/v1/cases']['get']['parameters']['query']>
export type CasesFilter = Omit<CasesQuery, 'cursor' | 'limit'>
export type AuditFilter = Omit<NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>, 'cursor' | 'limit'>
export type CaseFiguresQuery = NonNullable<paths['/api/v1/cases/figures']['get']['parameters']['query']>
export type CustomerFilter = NonNullable<CustomersQuery['filter']>
/** Yuan: answers hold a decimal string. */
export type Money = string | number

export type Problem = Shapes['Problem']
export type { SessionOut } from './sessionPaths'
export type UserOut = Shapes['UserOut']
export type UserNew = Shapes['UserNew']
export type TokenOut = Shapes['TokenOut']
export type TokenNew = Shapes['TokenNew']
export type Role = UserOut['role']

export type EntryPreview = Shapes['EntryPreview']
export type CustomerOut = Shapes['CustomerOut']
export type CustomerDetail = Shapes['CustomerDetail']
export type IdentityOut = Shapes['IdentityOut']
export type MergeOut = Shapes['MergeOut']
export type MaybeLinkOut = Shapes['MaybeLinkOut']
export type ReplyChannelOut = Shapes['ReplyChannelOut']
export type StandingClaimOut = Shapes['StandingClaimOut']

export type EntryOut = Shapes['EntryOut']
export type EntryState = EntryOut['state']
export type EntryKind = EntryOut['kind']
export type TagOut = Shapes['TagOut']
export type ClaimOut = Shapes['ClaimOut']
export type EntryVersionOut = Shapes['EntryVersionOut']

export type SuggestionOut = Shapes['SuggestionOut']
export type FindingOut = Shapes['FindingOut']
export type EvidenceOut = Shapes['EvidenceOut']
export type Severity = FindingOut['severity']
export type MessageNew = Shapes['MessageNew']

export type CaseOut = Shapes['CaseOut']
export type CaseDetail = Shapes['CaseDetail']
export type CaseFindingOut = Shapes['CaseFindingOut']
export type VerdictNew = Shapes['VerdictNew']
export type Verdict = VerdictNew['verdict']
export type VerdictReason = Exclude<NonNullable<VerdictNew['reason']>, ''>
export type CaseState = CaseOut['state']
export type CaseAct = CaseDetail['can'][number]
export type CaseEvent = Shapes['CaseEventOut']
export type CaseFacets = Shapes['CaseFacets']
export type CaseFigures = Shapes['CaseFigures']
export type ReadingOut = Shapes['ReadingOut']
export type ArithmeticOut = Shapes['ArithmeticOut']
export type CaseNew = Shapes['CaseNew']
export type FalsePositive = Shapes['FalsePositive']
export type BulkResult = Shapes['BulkResult']
export type Assignment = Shapes['Assignment']
export type Escalation = Shapes['Escalation']
export type RemedyNew = Shapes['RemedyNew']
export type Remedy = RemedyNew['kind']
export type Closing = Shapes['Closing']
export type Reopening = Shapes['Reopening']
export type Share = Shapes['ShareOut']
export type AuditEntry = Shapes['AuditEntryOut']
export type AuditState = Shapes['AuditState']

export type ChannelOut = Shapes['ChannelOut']
export type DeadTaskOut = Shapes['DeadTaskOut']
export type ImportOut = Shapes['ImportOut']
export type BadRowOut = Shapes['BadRowOut']
export type EndpointOut = Shapes['EndpointOut']
export type EndpointNew = Shapes['EndpointNew']
export type EndpointEdit = Shapes['EndpointEdit']
export type DeliveryOut = Shapes['DeliveryOut']
export type EventTypeOut = Shapes['EventTypeOut']
export type PriceOut = Shapes['PriceOut']
export type PriceChange = Shapes['PriceChangeOut']
export type PriceDetail = Shapes['PriceDetail']
export type PriceDraft = Shapes['PriceDraft']
export type PromotionDraft = Shapes['PromotionDraft']
export type PriceFile = Shapes['PriceFileOut']
export type PriceLine = Shapes['PriceLineOut']
export type PriceVersion = Shapes['PriceVersionOut']
export type PricesQuery = NonNullable<paths['/api/v1/prices']['get']['parameters']['query']>
export type Proposal = Shapes['ProposalOut']
export type ProposalAct = Proposal['may'][number]
export type ProposalsQuery = NonNullable<paths['/api/v1/price-proposals']['get']['parameters']['query']>
export type ProblemRow = Shapes['ProblemRow']
export type PromotionOut = PriceOut['promotions'][number]
export type ScriptOut = Shapes['ScriptOut']
export type HouseholdOut = Shapes['HouseholdOut']
export type HouseholdJoin = Shapes['HouseholdJoin']
export type MemberRole = Shapes['MemberOut']['role']
export type RuleOut = Shapes['RuleOut']
export type DryRun = Shapes['DryRunOut']
export type DryRunNew = Shapes['DryRunNew']
export type DryRunFinding = Shapes['DryRunFindingOut']
export type DryRunFindingsQuery = NonNullable<paths['/api/v1/rules/dry-runs/{id}/findings']['get']['parameters']['query']>
export type BroadcastCheck = Shapes['BroadcastCheck']
export type AffectedCustomer = Shapes['AffectedOut']
export type FiguresOut = Shapes['FiguresOut']

export type Permission =
  | 'customers.read'
  | 'customers.reply'
  | 'customers.merge'
  | 'cases.read'
  | 'cases.judge'
  | 'channels.read'
  | 'imports.run'
  | 'webhooks.manage'
  | 'users.manage'
  | 'tokens.manage'
  | 'tasks.replay'
  | 'phones.reveal'
  | 'prices.read'
  | 'scripts.read'
  | 'prices.approve'
  | 'prices.edit'
  | 'prices.history'
  | 'dry_runs.run'
  | 'broadcasts.check'
  | 'rules.read'
  | 'cases.oversee'
  | 'audit.read'

/** One fact of `GET /events`. Payloads carry ids only. */
export interface LiveEvent {
  id: string
  type: LiveEventType
  version: number
  at: string
  customer_id: string | null
  payload: Record<string, unknown>
}

export const LIVE_EVENT_TYPES = [
  'entry.added',
  'entry.changed',
  'customer.added',
  'customer.changed',
  'customers.merged',
  'household.changed',
  'dry_run.progressed',
  'dry_run.finished',
  'customers.merge_undone',
  'case.opened',
  'case.changed',
  'case.decided',
  'prices.changed',
  'prices.proposed',
  'import.progressed',
  'import.finished',
  'message.queued',
  'message.sent',
  'message.failed',
] as const

export type LiveEventType = (typeof LIVE_EVENT_TYPES)[number]

export interface TypingEvent {
  customer_id: string
  direction: 'inbound' | 'outbound'
}
