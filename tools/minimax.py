"""The polynomials of src/codegen/math: minimax coefficients by the Remez exchange algorithm.

Needs mpmath; prints the tables as they stand in the sources, with the greatest error of each in bits. Coefficients are
rounded to the precision of the code, all at once or, of f32s, one after the other where that is nearer.
"""

import struct
import sys

from mpmath import mp, mpf, matrix, lu_solve, exp, log, sin, cos, asin, atan, tanh, sqrt, pi, cbrt

mp.prec = 200


def rounded(value, bits):
    """`value` as an f32 or an f64."""
    if bits == 64:
        return mpf(float(value))
    return mpf(struct.unpack("f", struct.pack("f", float(value)))[0])


def polynomial(coefficients, x):
    sum_ = mpf(0)
    for c in reversed(coefficients):
        sum_ = sum_ * x + c
    return sum_


def remez(f, weight, low, high, count, first=0):
    """c such that sum(c[i] x^(first+i)), i < count, is nearest to f(x) on low..high, where an error counts weight(x)."""
    n = count + 1
    signed, weight = weight, lambda x: abs(signed(x))
    points = [(low + high) / 2 + (high - low) / 2 * cos(pi * (n - 1 - i) / (n - 1)) for i in range(n)]
    # No point may be where the weight is infinite.
    points = [x if abs(x) > mpf("1e-20") else (high - low) * mpf("1e-4") for x in points]
    grid = [(low + high) / 2 + (high - low) / 2 * cos(pi * (mpf(i) + mpf("0.37")) / 600) for i in range(600, -1, -1)]
    grid = [min(max(x, low), high) for x in grid]
    grid = [x if abs(x) > mpf("1e-20") else (high - low) * mpf("1e-5") for x in grid]
    values = [(f(x), weight(x)) for x in grid]
    coefficients = None
    for _ in range(12):
        system = matrix(n, n)
        right = matrix(n, 1)
        for i, x in enumerate(points):
            for j in range(count):
                system[i, j] = x ** (first + j)
            system[i, count] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = lu_solve(system, right)
        coefficients = [solution[j] for j in range(count)]
        errors = []
        for x, (value, w) in zip(grid, values):
            errors.append((polynomial(coefficients, x) * x**first - value) * w)
        worst = max(abs(e) for e in errors)
        # One extremum of each run of errors of one sign.
        runs = []
        for x, e in zip(grid, errors):
            if runs and (runs[-1][1] > 0) == (e > 0):
                if abs(e) > abs(runs[-1][1]):
                    runs[-1] = (x, e)
            else:
                runs.append((x, e))
        while len(runs) > n:
            runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
        if len(runs) < n or worst <= abs(solution[count]) * mpf("1.01"):
            break
        points = [x for x, _ in runs]
    return coefficients


def rounded_in_turn(f, weight, low, high, count, bits):
    """Coefficients that are rounded one after the other, lowest power first, each time the rest is fitted again."""
    coefficients = []
    for index in range(count):
        rest = lambda x: f(x) - polynomial(coefficients, x)
        best = remez(rest, weight, low, high, count - index, index)
        coefficients.append(rounded(best[0], bits))
    return coefficients


def table(name, bits, count, f, weight, low, high):
    """Prints the coefficients for `f`, and the error that they have after rounding, in one way or the other."""
    low, high = mpf(low), mpf(high)
    points = [low + (high - low) * (mpf(i) + mpf("0.37")) / 2000 for i in range(2000)]
    error = lambda coefficients: max(abs((polynomial(coefficients, x) - f(x)) * weight(x)) for x in points)
    at_once = [rounded(c, bits) for c in remez(f, weight, low, high, count)]
    coefficients = at_once
    if bits == 32:
        coefficients = min(at_once, rounded_in_turn(f, weight, low, high, count, bits), key=error)
    worst = error(coefficients)
    print(f"/// Error 2^{float(log(worst, 2)):.1f}.")
    print(f"const {name}: [f64; {count}] = [")
    for c in coefficients:
        print(f"    {float(c)!r},")
    print("];")
    sys.stdout.flush()


HALF_PI = pi / 2


def log_tail(z):
    s = sqrt(z)
    return (log((1 + s) / (1 - s)) / s - 2) / z if z > mpf("1e-12") else mpf(2) / 3 + 2 * z / 5


def log_tail_2(z):
    return (log_tail(z) - mpf(2) / 3) / z if z > mpf("1e-12") else mpf(2) / 5


def odd(f):
    """The function of x^2 that f(x) = x + x^3 g(x^2) needs."""
    return lambda z: (f(sqrt(z)) / sqrt(z) - 1) / z


def odd_weight(f):
    return lambda z: z * sqrt(z) / f(sqrt(z))


TINY = mpf("1e-12")
S = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)

TABLES = {
    # e^r = 1 + r p(r), where r is off from a multiple of 2 ln 2.
    "EXP": lambda: table("EXP", 64, 13, lambda r: (exp(r) - 1) / r, lambda r: r / exp(r), -0.6945, 0.6945),
    "EXP_SINGLE": lambda: table("EXP_SINGLE", 32, 7, lambda r: (exp(r) - 1) / r, lambda r: r / exp(r), -0.6945, 0.6945),
    # 2^r = 1 + r p(r), |r| <= 1.
    "EXP2": lambda: table("EXP2", 64, 13, lambda r: (mpf(2) ** r - 1) / r, lambda r: r / mpf(2) ** r, -1, 1),
    "EXP2_SINGLE": lambda: table("EXP2_SINGLE", 32, 7, lambda r: (mpf(2) ** r - 1) / r, lambda r: r / mpf(2) ** r, -1, 1),
    # The same for |r| <= 1/2.
    "EXP2_NEAR": lambda: table("EXP2_NEAR", 32, 5, lambda r: (mpf(2) ** r - 1) / r, lambda r: r / mpf(2) ** r, -0.5, 0.5),
    # e^r - 1 = r + r^2 p(r), |r| <= ln 2 / 2.
    "EXPM1": lambda: table("EXPM1", 64, 11, lambda r: (exp(r) - 1 - r) / r**2, lambda r: r, -0.3475, 0.3475),
    # log((1 + s) / (1 - s)) = 2 s + s z (2/3 + z p(z)), z = s^2.
    "LOG": lambda: table("LOG", 64, 8, log_tail_2, lambda z: z**2 / 2, TINY, S**2 * mpf("1.001")),
    # log(1 + f) = f + f^2 p(f).
    "LOG_SINGLE": lambda: table("LOG_SINGLE", 32, 8, lambda f: (log(1 + f) - f) / f**2, lambda f: f**2 / log(1 + f), 1 / sqrt(mpf(2)) - 1, sqrt(mpf(2)) - 1),
    # log2(1 + f) = f + f p(f).
    "LOG2_SINGLE": lambda: table("LOG2_SINGLE", 32, 9, lambda f: log(1 + f, 2) / f - 1, lambda f: f / log(1 + f, 2), 1 / sqrt(mpf(2)) - 1, sqrt(mpf(2)) - 1),
    # sin(r) = r + r z p(z), z = r^2, |r| <= pi/2, and a little more.
    "SIN_SINGLE": lambda: table("SIN_SINGLE", 32, 5, odd(sin), odd_weight(sin), TINY, (HALF_PI * mpf("1.02")) ** 2),
    # The same for |r| <= pi/4, and cos(r) = 1 - z/2 + z^2 p(z).
    "SIN": lambda: table("SIN", 64, 6, odd(sin), odd_weight(sin), TINY, (HALF_PI / 2 * mpf("1.006")) ** 2),
    "COS": lambda: table("COS", 64, 6, lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / cos(sqrt(z)), TINY, (HALF_PI / 2 * mpf("1.006")) ** 2),
    # asin(x) = x + x z p(z), z = x^2 <= 1/4.
    "ASIN": lambda: table("ASIN", 64, 13, odd(asin), odd_weight(asin), TINY, 0.2505),
    # atan(t) = t + t z p(z), z = t^2 <= 1/4.
    "ATAN": lambda: table("ATAN", 64, 12, odd(atan), odd_weight(atan), TINY, 0.2505),
    "ATAN_SINGLE": lambda: table("ATAN_SINGLE", 32, 5, odd(atan), odd_weight(atan), TINY, 0.2505),
    # tanh(x) = x + x z p(z), z = x^2.
    "TANH_SINGLE": lambda: table("TANH_SINGLE", 32, 5, odd(tanh), odd_weight(tanh), TINY, 0.395),
    # m^(-1/3), 1/2 <= m < 4.
    "RECIPROCAL_CBRT": lambda: table("RECIPROCAL_CBRT", 64, 6, lambda m: 1 / cbrt(m), lambda m: cbrt(m), 0.5, 4),
}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
