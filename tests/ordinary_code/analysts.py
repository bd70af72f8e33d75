"""Tables, summaries, small models of data."""
# ruff: noqa

import csv
import io
import json
import math
import operator
import statistics
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np


def mean_and_spread(shift):
    data = [1.0 + shift, 2.0 * shift, 3.5, 4.0]
    return statistics.mean(data) + statistics.stdev(data)


def median_of(x):
    return statistics.median([x, 1.0, 5.0, 2.0, x**2])


def fmean_weighted(w):
    return statistics.fmean([1.0, 2.0, 4.0], weights=[w, 1.0, 2.0])


def correlation(a):
    xs = [1.0, 2.0, 3.0, 4.5]
    ys = [a * x + math.sin(5 * x) for x in xs]
    return statistics.correlation(xs, ys)


def linear_regression(a):
    slope, intercept = statistics.linear_regression([1, 2, 3, 4], [a, a**2, 3.0, 4.0])
    return slope


def group_means(rate):
    rows = [("a", 1.0), ("b", 2.0), ("a", 3.0), ("b", rate), ("c", rate**2)]
    groups = defaultdict(list)
    for key, value in rows:
        groups[key].append(value * rate)
    return np.array([np.mean(groups[k]) for k in sorted(groups)])


def moving_average(scale):
    window = deque(maxlen=3)
    out = []
    for v in [1, 4, 2, 8, 5]:
        window.append(v * scale)
        out.append(sum(window) / len(window))
    return out


def top_three(w):
    scores = {"x": 2 * w, "y": w**2, "z": 1.0, "q": -w}
    best = sorted(scores.items(), key=operator.itemgetter(1), reverse=True)[:3]
    return math.prod(v for _, v in best)


def logistic_loss(w):
    X = np.array([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.3]])
    y = np.array([1, 0, 1])
    loss = 0.0
    for xi, yi in zip(X, y):
        z = float(np.dot(w, xi))
        p = 1.0 / (1.0 + math.exp(-z))
        loss -= yi * math.log(p) + (1 - yi) * math.log(1 - p)
    return loss / len(y)


def neural_network(w):
    W1 = np.reshape(w[:6], (3, 2))
    b = np.array(w[6:9])
    x = np.array([0.3, -0.8])
    hidden = np.maximum(0, W1 @ x + b)
    return float(np.sum(np.tanh(hidden)))


def k_means_inertia(c):
    points = np.array([0.1, 0.4, 2.0, 2.3, 5.0])
    centers = [c[0], c[1]]
    total = 0
    for p in points:
        total += min((p - m) ** 2 for m in centers)
    return total


def kernel_density(h):
    data = [0.1, 0.5, 0.9, 1.7]
    return sum(math.exp(-0.5 * ((0.7 - d) / h) ** 2) for d in data) / (len(data) * h * math.sqrt(2 * math.pi))


def softmax_entropy(logits):
    z = [math.exp(l - max(logits)) for l in logits]
    total = sum(z)
    probs = [v / total for v in z]
    return -sum(p * math.log(p) for p in probs if p > 0)


def percentile(x):
    return np.percentile([x, 1.0, 4.0, 2.5, x * 2], 40)


def histogram_weighted(w):
    counts, edges = np.histogram([0.1, 0.4, 0.6, 0.9], bins=2, weights=np.array([w, 1.0, w**2, 2.0]))
    return counts[1]


def covariance(a):
    data = np.array([[1.0, a, 3.0], [2.0, 1.0, a**2]])
    return np.cov(data)[0, 1] + np.corrcoef(data)[0, 1]


def pandas_growth(rate):
    import pandas as pd

    df = pd.DataFrame({"t": [0.0, 1.0, 2.0], "v": [1.0, 2.0, 4.0]})
    df["w"] = df["v"] * rate + df["t"] ** 2
    return df["w"].sum()


def pandas_group(rate):
    import pandas as pd

    df = pd.DataFrame({"k": list("abab"), "v": [1.0, 2.0, 3.0, 4.0]})
    df["v"] = df["v"] * rate
    return df.groupby("k")["v"].mean().to_numpy()


def pandas_rolling(rate):
    import pandas as pd

    s = pd.Series([1.0, 2.0, 4.0, 8.0]) ** rate
    return s.rolling(2).mean().dropna().iloc[-1]


def pandas_column(rate):
    import pandas as pd

    df = pd.DataFrame({"v": np.array([1.0, 2.0, 3.0])})
    df.loc[:, "v"] = df.v.apply(lambda v: v * math.exp(rate * v))
    return float(df.v.mean())


def xarray_mean(rate):
    import xarray as xr

    da = xr.DataArray(np.arange(6.0).reshape(2, 3), dims=("t", "x"))
    return (da * rate + rate**2).mean(dim="t").values


def csv_total(price):
    table = csv.DictReader(io.StringIO("item,n\napple,3\npear,4\n"))
    return sum(int(row["n"]) * price for row in table) * price


def config_model(x):
    cfg = json.loads('{"a": 1.5, "layers": [2, 3]}')
    y = x
    for k in cfg["layers"]:
        y = math.tanh(cfg["a"] * y) * k
    return y


def report(x):
    y = x**2 + math.cos(x)
    line = f"x = {x:.3f}, y = {y:8.2e}, {y!r}"
    assert len(line) > 5 and "%g" % y and "{:.2f}".format(y)
    return y


def decay_counts(rate):
    counts = Counter()
    for i in range(5):
        counts["even" if i % 2 == 0 else "odd"] += math.exp(-rate * i)
    return counts["even"] - counts["odd"]


def ordered_model(x):
    stages = OrderedDict(scale=lambda v: 2 * v, shift=lambda v: v + 1, square=lambda v: v**2)
    for name, stage in stages.items():
        x = stage(x)
    return x


CASES = [
    (mean_and_spread, 0.7),
    (median_of, 1.5),
    (fmean_weighted, 0.8),
    (correlation, 0.6),
    (linear_regression, 1.4),
    (group_means, 1.2),
    (moving_average, 1.7),
    (top_three, 1.6),
    (logistic_loss, np.array([0.4, -0.3])),
    (neural_network, np.array([0.4, -0.3, 0.2, 0.9, -0.8, 0.1, 0.3, 0.2, 0.7])),
    (k_means_inertia, [0.3, 2.9]),
    (kernel_density, 0.4),
    (softmax_entropy, [0.1, 0.9, -0.5]),
    (percentile, 1.7),
    (histogram_weighted, 1.3),
    (covariance, 1.8),
    (pandas_growth, 1.3),
    (pandas_group, 1.3),
    (pandas_rolling, 1.3),
    (pandas_column, 0.3),
    (xarray_mean, 1.3),
    (csv_total, 1.3),
    (config_model, 0.3),
    (report, 1.3),
    (decay_counts, 0.3),
    (ordered_model, 1.3),
]
