"""batched=True: one call of f for all points, the last axis holds the variables."""

import numpy as np
import pytest
from expect import raises
from scenarios import FUNCTIONS, draw
from test_drivers import close

import dualnum as dn

BATCHES = [s for s in FUNCTIONS if s.batch]
LEADS = [(), (1,), (4,), (2, 3), (0,), (2, 0)]


def points(scenario, lead):
    """Return a batch of points near the last one of the scenario, and the answers for each, stacked."""
    x = scenario.points[-1]
    x = x + 0.1 * draw(71, *lead, x.size)
    value, first, second = map(np.asarray, scenario.answer(scenario.points[-1]))
    answers = [scenario.answer(point) for point in x.reshape(-1, x.shape[-1])]
    stacks = [
        np.array([a[i] for a in answers]).reshape(lead + one.shape)
        for i, one in enumerate((value, first, second))
    ]
    return x, *stacks


@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("chunk", [None, 2])
@pytest.mark.parametrize("scenario", BATCHES, ids=repr)
def test_every_point_as_on_its_own(scenario, lead, chunk):
    x, value, first, second = points(scenario, lead)
    options = {"batched": True, "chunk": chunk}
    close(dn.value_and_jacobian(scenario.f, **options)(x), (value, first))
    close(dn.jacobian(scenario.f, **options)(x), first)
    close(dn.hessian(scenario.f, **options)(x), second)
    close(dn.value_gradient_hessian(scenario.f, **options)(x), (value, first, second))
    close(dn.laplacian(scenario.f, **options)(x), np.trace(second, axis1=-2, axis2=-1))
    v = draw(72, *x.shape)
    along = np.einsum("...p,...p->..." if value.shape == lead else "...mp,...p->...m", first, v)
    close(dn.jvp(scenario.f, **options)(x, v), (value, along))
    close(dn.directional_derivative(scenario.f, **options)(x, v), along)
    if value.shape == lead:
        close(dn.gradient(scenario.f, **options)(x), first)
        close(dn.value_and_gradient(scenario.f, **options)(x), (value, first))
        close(dn.hvp(scenario.f, **options)(x, v), np.einsum("...pq,...q->...p", second, v))
        close(dn.vhv(scenario.f, **options)(x, v), np.einsum("...p,...pq,...q->...", v, second, v))
    if value.shape == x.shape:
        close(dn.divergence(scenario.f, **options)(x), np.trace(first, axis1=-2, axis2=-1))
        if x.shape[-1] == 2:
            close(dn.curl(scenario.f, **options)(x), first[..., 1, 0] - first[..., 0, 1])
        elif x.shape[-1] == 3:
            close(
                dn.curl(scenario.f, **options)(x),
                np.stack([first[..., k, j] - first[..., j, k] for j, k in ((1, 2), (2, 0), (0, 1))], axis=-1),
            )


def test_f_is_called_once_with_the_whole_array():
    shapes = []

    def f(x):
        shapes.append(x.shape)
        return np.sum(x, axis=-1)

    dn.gradient(f, batched=True, check=False)(np.ones((5, 2, 3)))
    assert shapes == [(5, 2, 3)]


def test_a_derivative_of_many_points():
    """Every element is a point; the curve's components follow."""
    t = draw(73, 4)
    close(
        dn.derivative(lambda t: np.stack([np.cos(t), np.sin(t)], axis=-1), batched=True)(t),
        np.stack([-np.sin(t), np.cos(t)], axis=-1),
    )
    close(dn.derivative(np.sin, 2, batched=True)(t), -np.sin(t))
    close(dn.value_and_derivative(np.sin, batched=True)(0.5), (np.sin(0.5), np.cos(0.5)))


def test_several_arrays():
    def f(x, y):
        return np.sum(x**2, axis=-1) * y[..., 0]

    x, y = draw(74, 4, 3), draw(75, 4, 2)
    first = 2 * x * y[:, :1], np.stack([np.sum(x**2, -1), np.zeros(4)], axis=-1)
    close(dn.gradient(f, argnum=(0, 1), batched=True)(x, y), first)
    (xx, xy), (yx, yy) = dn.hessian(f, argnum=(0, 1), batched=True)(x, y)
    close(xx, 2 * y[:, :1, None] * np.eye(3))
    close(xy, np.stack([2 * x, 0 * x], axis=-1))
    close(yx, np.stack([2 * x, 0 * x], axis=-2))
    close(yy, np.zeros((4, 2, 2)))


def test_other_arguments_are_not_batched():
    a, x = draw(76, 3), draw(77, 5, 3)
    close(dn.gradient(lambda x, a: np.sum(a * x**2, axis=-1), batched=True)(x, a), 2 * a * x)


def test_constants_give_zeros():
    x = draw(78, 5, 3)
    close(dn.gradient(lambda x: np.ones(5), batched=True)(x), np.zeros((5, 3)))
    close(dn.hessian(lambda x: np.ones((5, 2)), batched=True)(x), np.zeros((5, 2, 3, 3)))


BLOCKWISE = (
    "gradient value_and_gradient jacobian value_and_jacobian hessian value_gradient_hessian laplacian".split()
)


def _ripple(p):
    return np.sin(p[..., 0]) * np.prod(p, axis=-1)


@pytest.mark.parametrize("name", [*BLOCKWISE, "divergence", "curl"])
@pytest.mark.parametrize("lead", LEADS, ids=str)
@pytest.mark.parametrize("block", [1, 2, 5, 1000])
@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_of_points(name, lead, block, workers):
    """The same bits as all points at once, from calls with at most so many points."""
    driver, x, sizes = getattr(dn, name), draw(73, *lead, 3), []

    def f(p):
        sizes.append(p.shape)
        y = _ripple(p)
        return y if name in BLOCKWISE else np.stack([y, y * p[..., 1], np.exp(p[..., 2])], axis=-1)

    want = driver(f, batched=True)(x)
    sizes.clear()
    got = driver(f, batched=block, workers=workers)(x)
    assert type(got) is type(want)
    for a, b in zip(got, want, strict=True) if type(want) is tuple else [(got, want)]:
        assert np.shape(a) == np.shape(b) and np.array_equal(a, b)
    count = x.size // 3
    rest = [(count % block, 3)] if count % block else []
    expected = [(3,)] if lead == () else [(block, 3)] * (count // block) + rest or [(0, 3)]
    assert sorted(set(sizes)) == sorted(set(expected)) and len(sizes) % len(expected) == 0


def test_blocks_go_to_workers():
    calls = []

    def counting(work, places):
        calls.append(len(places))
        return map(work, places)

    x = draw(75, 7, 3)
    got = dn.hessian(_ripple, batched=3, workers=counting)(x)
    assert calls == [3] and np.array_equal(got, dn.hessian(_ripple, batched=True)(x))


def test_blocks_of_another_argument_and_of_duals():
    x = draw(74, 7, 3)

    def f(scale, p):
        return scale * _ripple(p)

    got = dn.gradient(f, argnum=1, batched=3)(2.0, x)
    assert np.array_equal(got, dn.gradient(f, argnum=-1, batched=True)(2.0, x))
    nested = dn.derivative(lambda t: np.sum(dn.gradient(_ripple, batched=3)(t * x)))
    assert nested(1.5) == dn.derivative(lambda t: np.sum(dn.gradient(_ripple, batched=True)(t * x)))(1.5)


ONE_ARRAY = "expects x to be one array, with an int for batched, got"


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda x: dn.gradient(_ripple, batched=0),
            ValueError,
            "gradient(f, batched=0) expects batched to be True, False or a positive int, got 0.",
        ),
        (
            lambda x: dn.hessian(_ripple, batched=2.5),
            TypeError,
            "hessian(f, batched=2.5) expects batched to be True, False or a positive int, got float.",
        ),
        (
            lambda x: dn.jvp(_ripple, batched=3),
            TypeError,
            "jvp(f, batched=3) expects batched to be True or False, got int.",
        ),
        (
            lambda x: dn.gradient(lambda t: t[0], batched=3)((x, x)),
            TypeError,
            f"gradient(f, batched=3)(x) {ONE_ARRAY} a tuple of 2; use batched=True.",
        ),
        (
            lambda x: dn.jacobian(_ripple, argnum=(0, 1), batched=3)(x, x),
            TypeError,
            f"jacobian(f, argnum=(0, 1), batched=3)(x) {ONE_ARRAY} argnum=(0, 1); use batched=True.",
        ),
    ],
)
def test_blocks_are_checked(call, error, message):
    with raises(error, message):
        call(np.ones((4, 3)))
