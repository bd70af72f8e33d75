"""Thousands of random programs more, with and without ties: sparse Jacobians and Hessians against duals."""

import warnings

import pytest
from test_sparse_programs import check_hessian, check_jacobian


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("block", range(40))
@pytest.mark.parametrize(("check", "least"), [(check_jacobian, 55), (check_hessian, 12)])
def test_random_programs(check, least, block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(check(seed, lattice) for seed in range(10_000 + 100 * block, 10_100 + 100 * block)) > least
