"""Twenty thousand more random programs in reverse mode, with and without ties, against duals."""

import warnings

import pytest
from test_reverse import check_program, check_second


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("block", range(100))
def test_random_programs(block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (
            sum(check_program(seed, lattice) for seed in range(10_000 + 100 * block, 10_100 + 100 * block))
            > 60
        )


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("block", range(40))
def test_random_programs_of_second_order(block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (
            sum(check_second(seed, lattice) for seed in range(10_000 + 100 * block, 10_100 + 100 * block))
            > 40
        )
