"""Figures from counts. Nothing here knows where the counts come from; what cannot be computed is None, never 0."""

import math

Z = 1.959963984540054  # 95 %


def wilson(hits, n):
    """The 95 % interval of a share (Wilson's score interval)."""
    if n == 0:
        return None
    p = hits / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return [max(0.0, centre - half), min(1.0, centre + half)]


def share(hits, n):
    return {"value": hits / n if n else None, "hits": hits, "of": n, "interval": wilson(hits, n)}


def mcc(tp, fp, tn, fn):
    """Matthews' correlation; with Fisher's interval, for it is the correlation of two yes-or-no answers."""
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    if product == 0:
        return {"value": None, "interval": None}  # all of one kind: there is nothing to correlate
    value = (tp * tn - fp * fn) / math.sqrt(product)
    n = tp + fp + tn + fn
    if n <= 3 or abs(value) >= 1:
        return {"value": value, "interval": None}
    z, half = math.atanh(value), Z / math.sqrt(n - 3)
    return {"value": value, "interval": [math.tanh(z - half), math.tanh(z + half)]}


def confusion(pairs):
    """pairs: (truly malicious, called malicious)."""
    counts = {"tp": 0, "fp": 0, "tn": 0, "fn": 0}
    for truth, called in pairs:
        counts[("t" if truth == called else "f") + ("p" if called else "n")] += 1
    return counts


def rates(counts):
    tp, fp, tn, fn = (counts[key] for key in ("tp", "fp", "tn", "fn"))
    return {
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "false_positive_rate": share(fp, fp + tn),
        "mcc": mcc(tp, fp, tn, fn),
    }


def brier(pairs):
    """pairs: (truly malicious, probability of malice). 0 is perfect, 0.25 what a coin would have."""
    return sum((p - truth) ** 2 for truth, p in pairs) / len(pairs) if pairs else None


def expected_calibration_error(pairs, bins=10):
    """How far the probabilities are from the shares that came true, over bins of equal width, weighted by their size."""
    if not pairs:
        return None
    sums = [[0, 0.0, 0] for _ in range(bins)]
    for truth, p in pairs:
        one = sums[min(int(p * bins), bins - 1)]
        one[0] += 1
        one[1] += p
        one[2] += truth
    return sum(abs(p - truths) for n, p, truths in sums if n) / len(pairs)


def percentile(values, percent):
    """The smallest value that is not exceeded by `percent` of them (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
