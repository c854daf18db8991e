/** Every call of the REST API the console makes, by noun. The one place that spells paths. */
import { answer, api, download } from './client'
import type {
  BroadcastCheck,
  DryRunFindingsQuery,
  DryRunNew,
  HouseholdJoin,
  MemberRole,
  Assignment,
  AuditFilter,
  CaseFiguresQuery,
  CaseNew,
  CasesFilter,
  CasesQuery,
  Closing,
  CustomersQuery,
  EndpointEdit,
  EndpointNew,
  Escalation,
  MessageNew,
  PriceDraft,
  PricesQuery,
  ProposalsQuery,
  FalsePositive,
  RemedyNew,
  Reopening,
  TimelineQuery,
  TokenNew,
  UserNew,
  VerdictNew,
} from './types'

export const session = {
  current: () => answer(api.GET('/api/v1/session')),
  signIn: (login: string, password: string) => answer(api.POST('/api/v1/session', { body: { login, password } })),
  signOut: () => answer(api.DELETE('/api/v1/session')),
}

export const customers = {
  list: (query: CustomersQuery) => answer(api.GET('/api/v1/customers', { params: { query } })),
  get: (id: string) => answer(api.GET('/api/v1/customers/{id}', { params: { path: { id } } })),
  rename: (id: string, name: string) => answer(api.PATCH('/api/v1/customers/{id}', { params: { path: { id } }, body: { name } })),
  timeline: (id: string, query: TimelineQuery) =>
    answer(api.GET('/api/v1/customers/{id}/timeline', { params: { path: { id }, query } })),
  markRead: (id: string) => answer(api.POST('/api/v1/customers/{id}/read', { params: { path: { id } } })),
  suggestions: (id: string, limit = 5) =>
    answer(api.GET('/api/v1/customers/{id}/suggestions', { params: { path: { id }, query: { limit } } })),
  checkDraft: (id: string, text: string, channel: string | null) =>
    answer(api.POST('/api/v1/customers/{id}/draft-checks', { params: { path: { id } }, body: { text, channel } })),
  send: (id: string, message: MessageNew, key: string) =>
    answer(api.POST('/api/v1/customers/{id}/messages', { params: { path: { id } }, headers: { 'Idempotency-Key': key }, body: message })),
  typing: (id: string) => answer(api.POST('/api/v1/customers/{id}/typing', { params: { path: { id } } })),
  merge: (id: string, otherId: string, reason: string) =>
    answer(api.POST('/api/v1/customers/{id}/merges', { params: { path: { id } }, body: { other_id: otherId, reason } })),
  joinHousehold: (id: string, joining: HouseholdJoin) => answer(api.POST('/api/v1/customers/{id}/household', { params: { path: { id } }, body: joining })),
  changeRole: (id: string, role: MemberRole) => answer(api.PATCH('/api/v1/customers/{id}/household', { params: { path: { id } }, body: { role } })),
  leaveHousehold: (id: string) => answer(api.DELETE('/api/v1/customers/{id}/household', { params: { path: { id } } })),
  nameHousehold: (id: string, name: string) => answer(api.PATCH('/api/v1/households/{id}', { params: { path: { id } }, body: { name } })),
  undoMerge: (id: string) => answer(api.DELETE('/api/v1/merges/{id}', { params: { path: { id } } })),
  revealPhone: (id: string, identityId: string) =>
    answer(api.GET('/api/v1/customers/{id}/phones/{identity_id}', { params: { path: { id, identity_id: identityId } } })),
}

export const entries = {
  get: (id: string) => answer(api.GET('/api/v1/entries/{id}', { params: { path: { id } } })),
  handedOver: (id: string) => answer(api.POST('/api/v1/entries/{id}/handed-over', { params: { path: { id } } })),
  retry: (id: string) => answer(api.POST('/api/v1/entries/{id}/retry', { params: { path: { id } } })),
}

export const cases = {
  list: (query: CasesQuery) =>
    answer(api.GET('/api/v1/cases', { params: { query } })),
  facets: (query: CasesFilter) => answer(api.GET('/api/v1/cases/facets', { params: { query } })),
  figures: (query: CaseFiguresQuery) => answer(api.GET('/api/v1/cases/figures', { params: { query } })),
  get: (id: string) => answer(api.GET('/api/v1/cases/{id}', { params: { path: { id } } })),
  claimAll: (ids: string[]) => answer(api.POST('/api/v1/cases/claims', { body: { ids } })),
  rejectAll: (items: FalsePositive[]) => answer(api.POST('/api/v1/cases/false-positives', { body: { items } })),
  refer: (conversation: CaseNew) => answer(api.POST('/api/v1/cases', { body: conversation })),
  exported: (id: string) => download(`/api/v1/cases/${encodeURIComponent(id)}/export`),
  claim: (id: string) => answer(api.POST('/api/v1/cases/{id}/claim', { params: { path: { id } } })),
  release: (id: string) => answer(api.POST('/api/v1/cases/{id}/release', { params: { path: { id } } })),
  decide: (id: string, verdict: VerdictNew) =>
    answer(api.POST('/api/v1/cases/{id}/verdict', { params: { path: { id } }, body: verdict })),
  assign: (id: string, assignment: Assignment) => answer(api.POST('/api/v1/cases/{id}/assign', { params: { path: { id } }, body: assignment })),
  escalate: (id: string, escalation: Escalation) => answer(api.POST('/api/v1/cases/{id}/escalate', { params: { path: { id } }, body: escalation })),
  remedy: (id: string, remedy: RemedyNew) => answer(api.POST('/api/v1/cases/{id}/remedy', { params: { path: { id } }, body: remedy })),
  close: (id: string, closing: Closing) => answer(api.POST('/api/v1/cases/{id}/close', { params: { path: { id } }, body: closing })),
  reopen: (id: string, reopening: Reopening) => answer(api.POST('/api/v1/cases/{id}/reopen', { params: { path: { id } }, body: reopening })),
}

export const audit = {
  list: (query: AuditFilter & { cursor?: string }) => answer(api.GET('/api/v1/audit', { params: { query } })),
  state: () => answer(api.GET('/api/v1/audit/state')),
}

export const channels = {
  list: () => answer(api.GET('/api/v1/channels')),
  replayParked: (name: string) => answer(api.POST('/api/v1/channels/{name}/replay-parked', { params: { path: { name } } })),
  deadTasks: () => answer(api.GET('/api/v1/tasks/dead')),
  replayTask: (id: string) => answer(api.POST('/api/v1/tasks/{id}/replay', { params: { path: { id } } })),
  figures: () => answer(api.GET('/api/v1/figures')),
}

export const imports = {
  list: () => answer(api.GET('/api/v1/imports')),
  get: (id: string) => answer(api.GET('/api/v1/imports/{id}', { params: { path: { id } } })),
  badRows: (id: string) => answer(api.GET('/api/v1/imports/{id}/bad-rows', { params: { path: { id } } })),
  start: (channel: string, file: File) =>
    answer(
      api.POST('/api/v1/imports', {
        body: { channel, file: file.name },
        bodySerializer: () => {
          const form = new FormData()
          form.append('channel', channel)
          form.append('file', file, file.name)
          return form
        },
      }),
    ),
}

export const webhooks = {
  list: () => answer(api.GET('/api/v1/webhooks')),
  add: (endpoint: EndpointNew) => answer(api.POST('/api/v1/webhooks', { body: endpoint })),
  edit: (id: string, change: EndpointEdit) =>
    answer(api.PATCH('/api/v1/webhooks/{id}', { params: { path: { id } }, body: change })),
  remove: (id: string) => answer(api.DELETE('/api/v1/webhooks/{id}', { params: { path: { id } } })),
  test: (id: string) => answer(api.POST('/api/v1/webhooks/{id}/test', { params: { path: { id } } })),
  deliveries: (id: string, cursor?: string) =>
    answer(api.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: { cursor } } })),
  replay: (deliveryId: string) => answer(api.POST('/api/v1/deliveries/{id}/replay', { params: { path: { id: deliveryId } } })),
  eventTypes: () => answer(api.GET('/api/v1/event-types')),
}

export const prices = {
  list: (query: PricesQuery) => answer(api.GET('/api/v1/prices', { params: { query } })),
  get: (sku: string, query: Pick<PricesQuery, 'at' | 'known_at'>) => answer(api.GET('/api/v1/prices/{sku}', { params: { path: { sku }, query } })),
  proposals: (query: ProposalsQuery) => answer(api.GET('/api/v1/price-proposals', { params: { query } })),
  propose: (product: PriceDraft, reason: string) => answer(api.POST('/api/v1/price-proposals', { body: { product, reason } })),
  approve: (id: string, note: string, together: boolean) =>
    answer(api.POST('/api/v1/price-proposals/{id}/approve', { params: { path: { id } }, body: { note, together } })),
  reject: (id: string, note: string, together: boolean) =>
    answer(api.POST('/api/v1/price-proposals/{id}/reject', { params: { path: { id } }, body: { note, together } })),
  withdraw: (id: string, together: boolean) =>
    answer(api.POST('/api/v1/price-proposals/{id}/withdraw', { params: { path: { id } }, body: { note: '', together } })),
  read: (file: File, preview: boolean, reason: string) =>
    answer(
      api.POST('/api/v1/prices/import', {
        params: { query: { preview } },
        body: { file: file.name },
        bodySerializer: () => {
          const form = new FormData()
          form.append('reason', reason)
          form.append('file', file, file.name)
          return form
        },
      }),
    ),
  exportPath: (format: 'xlsx' | 'csv', at: string | null, knownAt: string | null) => {
    const query = new URLSearchParams({ format, ...(at ? { at } : {}), ...(knownAt ? { known_at: knownAt } : {}) })
    return `/api/v1/prices/export?${query}`
  },
  templatePath: (format: 'xlsx' | 'csv') => `/api/v1/prices/template?format=${format}`,
}

export const rules = {
  list: () => answer(api.GET('/api/v1/rules')),
  runs: () => answer(api.GET('/api/v1/rules/dry-runs')),
  run: (id: string) => answer(api.GET('/api/v1/rules/dry-runs/{id}', { params: { path: { id } } })),
  start: (wanted: DryRunNew) => answer(api.POST('/api/v1/rules/dry-runs', { body: wanted })),
  cancel: (id: string) => answer(api.DELETE('/api/v1/rules/dry-runs/{id}', { params: { path: { id } } })),
  findings: (id: string, query: DryRunFindingsQuery) => answer(api.GET('/api/v1/rules/dry-runs/{id}/findings', { params: { path: { id }, query } })),
}

export const broadcasts = {
  check: (wanted: BroadcastCheck) => answer(api.POST('/api/v1/broadcasts/check', { body: wanted })),
}

export const library = {
  scripts: (query: string, cursor?: string) => answer(api.GET('/api/v1/scripts', { params: { query: { query, cursor } } })),
}

export const accounts = {
  users: () => answer(api.GET('/api/v1/users')),
  addUser: (user: UserNew) => answer(api.POST('/api/v1/users', { body: user })),
  tokens: () => answer(api.GET('/api/v1/tokens')),
  addToken: (token: TokenNew) => answer(api.POST('/api/v1/tokens', { body: token })),
  revokeToken: (id: string) => answer(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
}
