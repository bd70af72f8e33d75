"""Cost against n for every family of cases, log-log."""

from pathlib import Path

from bench.peers import ADAPTERS

#: A package has one colour in every plot, and the floors are black; what dualnum does in another way is lighter.
PALETTE = (
    "#1f77b4 #ff7f0e #2ca02c #9467bd #8c564b #e377c2 #7f7f7f #bcbd22 #17becf #aec7e8 #ffbb78 #98df8a".split()
)
COLOURS = {"dualnum": "#d62728", "by hand": "#444444", "lists": "#444444", "differences": "#b8860b"}
COLOURS |= dict(zip(ADAPTERS, PALETTE, strict=True))
FLOORS = ("numpy", "python", "f alone", "scipy", "float64")


def style(name):
    """Return how the curve of a contender looks."""
    if name in FLOORS:
        return {"color": "black", "linestyle": "--", "linewidth": 1.2}
    if name in COLOURS:
        return {"color": COLOURS[name], "linewidth": 2.5 if name == "dualnum" else 1.2}
    ours = name.startswith(("dualnum", "dn."))
    return {"color": "#f4a3a3" if ours else "#999999", "linewidth": 2.5 if ours else 1.2}


def label_curves(axes, ends):
    """Write each name beside the end of its curve, in the curve's colour, the names apart from each other."""
    import numpy as np

    names = sorted(ends, key=lambda name: ends[name][1])
    heights = np.log10([ends[name][1] for name in names])
    low, high = np.log10(axes.get_ylim())
    apart = (high - low) / 24
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + apart)
    for name, height in zip(names, heights, strict=True):
        x, y = ends[name]
        axes.annotate(
            name, (x, y), (1.02, 10.0**height), textcoords=axes.get_yaxis_transform(), va="center",
            color=style(name)["color"], fontsize="small", annotation_clip=False,
        )  # fmt: skip


def curves(cases, results):
    """Return {family: {contender: [(n, seconds), ...]}} of the families with two sizes or more."""
    families = {}
    for case in cases:
        family, _, size = case.name.rpartition("/n=")
        if not size or case.unit != "s":
            continue
        for row in results[case.name]:
            if not row.error:
                families.setdefault(family, {}).setdefault(row.name, []).append((case.n, row.median))
    return {
        family: lines
        for family, lines in families.items()
        if len({n for points in lines.values() for n, _ in points}) > 1
    }


def draw(cases, results, directory):
    """Write one SVG a family into the directory; return their paths."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    plain = ticker.FuncFormatter(lambda n, _: f"{n:,.0f}".replace(",", "\u202f"))
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for family, lines in curves(cases, results).items():
        figure, axes = pyplot.subplots(figsize=(7, 5), layout="constrained")
        for name, points in lines.items():
            axes.loglog(*zip(*sorted(points), strict=True), marker="o", markersize=4, **style(name))
        axes.set(xlabel="n", ylabel="time", title=family.replace("_", " "))
        axes.grid(which="both", alpha=0.2)
        axes.xaxis.set_major_formatter(plain)
        axes.yaxis.set_major_formatter(ticker.EngFormatter("s"))
        label_curves(axes, {name: max(points) for name, points in lines.items()})
        path = directory / f"{family.replace('/', '_')}.svg"
        figure.savefig(path)
        pyplot.close(figure)
        paths.append(path)
    return paths
