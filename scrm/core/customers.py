"""Deciding who is one person: matches on strong keys only, every link with its reason, merges that can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scrm.core.timeline import Identity

SINGLE_VALUED = frozenset({"unionid"})
"""A person has at most one of these: two different ones contradict a match."""


class HouseholdRole(StrEnum):
    """Who a member of a household is to the others: 本人, 配偶, 父母, 孩子, 朋友, 同事, 其他."""

    SELF = "self"
    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    FRIEND = "friend"
    COLLEAGUE = "colleague"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What to do with the customers that one event's identities point at.

    `keep` is the customer the event belongs to, None when a new one is needed. `merge` are others that a strong key
    proves to be the same person. `maybe` are others that a strong key points at but another fact contradicts.
    """

    keep: int | None
    merge: tuple[int, ...] = ()
    maybe: tuple[int, ...] = ()


def decide(
    own: int | None, proven: Sequence[int], held: Mapping[int, Sequence[Identity]], claimed: Sequence[Identity]
) -> Match:
    """Whose event is it? `own` holds the event's primary identity, `proven` the identities it gives evidence of
    (customer ids, in order, maybe repeated). `held` lists each candidate's identities; `claimed` those of the event.

    The oldest candidate (smallest id) is kept. A contradiction in a single-valued namespace never merges.
    """
    candidates = sorted({*([own] if own is not None else []), *proven})
    if not candidates:
        return Match(keep=None)
    keep = own if own is not None else candidates[0]
    merge, maybe = [], []
    identities = [*held.get(keep, ()), *claimed]
    for other in candidates:
        if other == keep:
            continue
        if contradicts(identities, held.get(other, ())):
            maybe.append(other)
        else:
            merge.append(other)
            identities += held.get(other, ())
    return _keep_the_oldest(keep, merge, maybe)


def contradicts(one: Sequence[Identity], other: Sequence[Identity]) -> bool:
    """Whether two sets of identities cannot be one person's."""
    for namespace in SINGLE_VALUED:
        values = {identity.value for identity in one if identity.namespace == namespace}
        others = {identity.value for identity in other if identity.namespace == namespace}
        if values and others and values != others:
            return True
    return False


def mask_phone(value: str) -> str:
    """A phone number that can be told from others but not called: +8613812345678 becomes 138****5678."""
    digits = value.removeprefix("+86")
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def _keep_the_oldest(keep: int, merge: Sequence[int], maybe: Sequence[int]) -> Match:
    together = sorted([keep, *merge])
    return Match(keep=together[0], merge=tuple(together[1:]), maybe=tuple(maybe))


def made_up_name(identity: Identity) -> str:
    """What to call a person whose name nobody has told us: recognisable, and clearly not a name."""
    if identity.namespace == "phone":
        return mask_phone(identity.value)
    kind = next((text for start, text in _NAMELESS if identity.namespace.startswith(start)), "客户")
    return f"{kind} {identity.value[-4:]}"


_NAMELESS = (("webim:", "访客"), ("wecom:", "微信客户"), ("unionid", "微信客户"))
