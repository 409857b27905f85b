"""Lines of moduli(5) with the primes of RFC 3526."""

# How many bits each has, and what RFC 3526 adds to pi.
ADDED = {2048: 124476, 3072: 1690314}


def pi(bits):
    """The first bits of it behind the point, by Machin's formula."""
    one = 1 << (bits + 64)

    def arctan(x):
        total = term = one // x
        n = 3
        while term:
            term //= -x * x
            total += term // n
            n += 2
        return total

    return 4 * (4 * arctan(5) - arctan(239)) >> 64


def prime(bits):
    return (2 ** bits - 2 ** (bits - 64) - 1 +
            2 ** 64 * (pi(bits - 130) + ADDED[bits]))


def line(bits, generator):
    return f"20220714110357 2 6 100 {bits - 1} {generator:X} {prime(bits):X}\n"
