/** Why a finding was none, in the order of the digits. */
import type { VerdictReason } from '@/api/types'

export const FALSE_REASONS: readonly VerdictReason[] = ['extraction', 'wrong_product', 'not_comparable', 'negation', 'superseded', 'no_intent', 'buyer_got_more', 'rounding', 'other']
