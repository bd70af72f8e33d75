"""Sparse Jacobians and Hessians of random programs: those of duals, with a structure that does not depend on x."""

import warnings

import numpy as np
import pytest
import reverse_programs
import scipy.sparse
from reverse_programs import Program, VectorProgram

import dualnum as dn
from dualnum import _core


def sparse_by_tape(f, x, second=False):
    """Return the matrix by a tape, once by a new plan and once by the same plan, or None for a refusal."""
    plan, found = None, []
    for _ in range(2):
        tape = _core.Tape(second=second, sparse=True)
        variables = _core.record_variable(tape, x)
        try:
            y = f(variables)
        except (ValueError, _core.NotRecorded):
            return None
        assert not tape.failed
        again, data, *_ = _core.sparse_derivatives(tape, y, [(variables, 0)], plan)
        assert plan is None or again is plan
        plan = again
        found.append(scipy.sparse.csr_array((data, plan.indices, plan.indptr), shape=plan.shape))
    np.testing.assert_array_equal(found[0].data, found[1].data)
    assert found[0].has_canonical_format
    return found[0]


def holds(matrix, dense):
    """Return whether the structure has every element of a dense matrix other than 0."""
    inside = np.zeros(matrix.shape, dtype=bool)
    inside[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices] = True
    return inside[dense != 0].all()


def check_jacobian(seed, lattice):
    """Compare a random program; return False where NumPy refuses it or a derivative is not finite."""
    x, f = reverse_programs.variables(seed, lattice), VectorProgram(seed)
    try:
        f(x.copy())
    except ValueError:
        return False
    found = sparse_by_tape(f, x)
    if found is None or not np.isfinite(found.data).all():
        return False
    dense = dn.jacobian(f, chunk=x.size, check=False, lift=False)(x)
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-9, atol=1e-11 * max(1, np.abs(dense).max()))
    assert holds(found, dense)
    return True


def check_hessian(seed, lattice):
    """Compare the Hessian of a random program as `check_jacobian` does."""
    x, f = reverse_programs.variables(seed, lattice), Program(seed)
    found = sparse_by_tape(f, x, second=True)
    if found is None or not np.isfinite(found.data).all():
        return False
    dense = dn.hessian(f, chunk=x.size, check=False, lift=False)(x)
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-8, atol=1e-9 * max(1, np.abs(dense).max()))
    assert holds(found, dense)
    return True


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("check", [check_jacobian, check_hessian])
def test_random_programs(check, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passed = sum(check(seed, lattice) for seed in range(100))
    assert passed > (70 if check is check_jacobian else 20)
