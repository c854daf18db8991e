"""RSA keys that a seed gives again, so that a hub configured for yesterday's simulator still reads today's archive.

Anyone can compute them: they protect nothing and are for the simulator alone.
"""

from __future__ import annotations

import random
from functools import cache
from math import gcd

from cryptography.hazmat.primitives.asymmetric import rsa

_EXPONENT = 65537
_PRIME_BITS = 1024
_SMALL_PRIMES = [number for number in range(3, 2000, 2) if all(number % odd for odd in range(3, number, 2))]


@cache
def private_key(seed: str) -> rsa.RSAPrivateKey:
    """The RSA-2048 key that belongs to `seed`."""
    lot = random.Random(seed)  # noqa: S311 - the same key every time is the purpose
    first, second = _prime(lot), _prime(lot)
    secret = pow(_EXPONENT, -1, (first - 1) * (second - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=secret,
        dmp1=rsa.rsa_crt_dmp1(secret, first),
        dmq1=rsa.rsa_crt_dmq1(secret, second),
        iqmp=rsa.rsa_crt_iqmp(first, second),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, first * second),
    )
    return numbers.private_key()


def _prime(lot: random.Random) -> int:
    # The two highest bits make the product of two such primes exactly 2048 bits long.
    while True:
        candidate = lot.getrandbits(_PRIME_BITS) | 0b11 << (_PRIME_BITS - 2) | 1
        if _may_be_prime(candidate) and _is_prime(candidate, lot):
            return candidate


def _may_be_prime(candidate: int) -> bool:
    return gcd(candidate - 1, _EXPONENT) == 1 and all(candidate % small for small in _SMALL_PRIMES)


def _is_prime(candidate: int, lot: random.Random) -> bool:
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(candidate, odd, twos, lot.randrange(2, candidate - 1)) for _ in range(16))


def _passes(candidate: int, odd: int, twos: int, witness: int) -> bool:
    """The Miller-Rabin test for one witness."""
    power = pow(witness, odd, candidate)
    if power in {1, candidate - 1}:
        return True
    for _ in range(twos - 1):
        power = power * power % candidate
        if power == candidate - 1:
            return True
    return False
