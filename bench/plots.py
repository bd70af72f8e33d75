"""Cost against n for every family of cases, log-log."""

from pathlib import Path


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
    from matplotlib import pyplot

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for family, lines in curves(cases, results).items():
        figure, axes = pyplot.subplots(figsize=(7, 5), layout="constrained")
        for name, points in lines.items():
            style = {"color": "black", "linestyle": "--"} if name in ("numpy", "python") else {}
            width = 2.5 if name.startswith("dualnum") else 1.2
            axes.loglog(
                *zip(*sorted(points), strict=True),
                marker="o",
                label=name,
                linewidth=width,
                markersize=4,
                **style,
            )
        axes.set(xlabel="n", ylabel="seconds", title=family.replace("_", " "))
        axes.grid(which="both", alpha=0.2)
        axes.legend(fontsize="small")
        path = directory / f"{family.replace('/', '_')}.svg"
        figure.savefig(path)
        pyplot.close(figure)
        paths.append(path)
    return paths
