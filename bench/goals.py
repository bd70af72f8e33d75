"""The limits that dualnum keeps to, as ratios to the floor of a case or as microseconds above it."""

import re
from statistics import median
from typing import NamedTuple


class Goal(NamedTuple):
    """A limit for one contender: of a case, or of the median of all cases that the pattern matches."""

    pattern: str
    contender: str
    limit: float
    measure: str = "ratio"  # or "excess", in microseconds
    against: str | None = None  # another contender that takes the floor's place


GOALS = [
    Goal("call/.*", "dualnum", 1.2),
    Goal("call/.*", "DualArray", 2.0),
    Goal("operator/(add|subtract|multiply|divide)/n=1", "DualArray", 1.2),
    Goal("scalar/multiply", "dualnum", 2.5),
    Goal("multiply/n=100000", "dualnum", 3.5),
    Goal("complex/multiply/n=1000", "dualnum", 3.5),
    Goal("complex/rfft/k=4/n=4096", "dualnum", 6.0),
    Goal("overhead/gradient/n=10", "dualnum", 3.0, "excess"),
    Goal("scalar_function/first", "dualnum", 3.0),
    Goal("scalar_function/second", "dualnum", 5.0),
    Goal("elementwise/n=1000", "dualnum", 1.9),
    Goal("elementwise/n=100000", "dualnum", 1.6),
    Goal("elementwise/n=1000000", "dualnum", 1.6),
    Goal("gradient/rosenbrock/n=2", "dualnum", 1.8),
    Goal("gradient/rosenbrock/n=10", "dualnum", 1.9),
    *(
        Goal(f"gradient/rosenbrock/n={n}", "dualnum", limit)
        for n, limit in ((100, 2.5), (300, 2.2), (1000, 2.2), (10_000, 2.5), (100_000, 3.5))
    ),
    Goal("gradient/smoothing/n=1000", "dualnum", 1.2),
    Goal("gradient/in_place/n=1000", "dualnum", 4.0),
    Goal("hessian/rosenbrock/n=2", "dualnum", 2.2),
    Goal("hessian/rosenbrock/n=10", "dualnum", 5.0),
    Goal("hessian/rosenbrock/n=100", "dualnum", 45.0),
    Goal("hessian/rosenbrock/n=300", "dualnum", 300.0),
    Goal("sparse_jacobian/brusselator/n=2048", "dualnum", 1.4),
    Goal("sparse_jacobian/brusselator/n=131072", "dualnum", 4.5),
    Goal("sparse_jacobian/brusselator/n=2048", "dualnum, new", 1.8),
    Goal("sparse_jacobian/brusselator/n=131072", "dualnum, new", 6.0),
    Goal("sparse_hessian/rosenbrock/n=1000", "dualnum", 8.0),
    Goal("sparse_hessian/rosenbrock/n=10000", "dualnum", 11.0),
    Goal("black_scholes/n=1000", "dualnum", 2.2),
    Goal("black_scholes/n=100000", "dualnum", 2.0),
    Goal("bundle_adjustment/n=1000", "dualnum", 2.9),
    Goal("two_layers/100_to_50", "dualnum", 16.0),
    Goal("linalg/gradient/log_det", "dualnum", 3.0, against="by hand"),
    Goal("linalg/gradient/quadratic", "dualnum", 3.0, against="by hand"),
    *(Goal(f"matmul/k=1/n={n}", "float @ dual", 1.3, against="BLAS 2 times") for n in (100, 500)),
    *(Goal(f"matmul/k=8/n={n}", "float @ dual", 1.3, against="BLAS 9 times") for n in (100, 500)),
    *(Goal(f"matmul/k=1/n={n}", "dual @ dual", 1.5, against="BLAS 3 times") for n in (100, 500)),
    # three times the ratio of the memory that is read: k + 1 matrices, or a plain one twice (with 8 tangents
    # arithmetic sets the pace there: 1.3 times the ratio of the flops)
    *(Goal(f"matvec/k=1/n={n}", "dual @ float", 6.0) for n in (100, 1000)),
    *(Goal(f"matvec/k=8/n={n}", "dual @ float", 27.0) for n in (100, 1000)),
    *(Goal(f"matvec/k=1/n={n}", "float @ dual", 6.0) for n in (100, 1000)),
    *(Goal(f"matvec/k=8/n={n}", "float @ dual", 11.7) for n in (100, 1000)),
    *(
        Goal(f"lifting/{name}", "dualnum", 2.0, against="for duals")
        for name in ("formula", "fill", "vectors", "assemble", "pendulum")
    ),
    Goal("lifting_first/.*", "dualnum", 3000.0, "excess"),
    *(
        Goal(f"einsum/{name}", "dualnum", 1.5, against="by hand")
        for name in ("matrices", "rows", "stacks", "outer")
    ),
]


def reached(goal, results):
    """Return the goal's measure in these results (a dict by names of cases), or None where no case was measured."""
    found = []
    for name, rows in results.items():
        if re.fullmatch(goal.pattern, name):
            good = {row.name: row for row in rows if not row.error}
            row, other = good.get(goal.contender), good.get(goal.against)
            if row and (other or goal.against is None):
                ratio = row.median / other.median if other else row.ratio
                found.append(ratio if goal.measure == "ratio" else 1e6 * row.excess)
    return median(found) if found else None
