"""Twenty thousand more random programs in reverse mode, with and without ties, against duals."""

import warnings

import pytest
from test_reverse import check_program
from test_reverse_second import check_second


@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize(
    ("check", "least", "block"),
    [(check_program, 60, i) for i in range(100)] + [(check_second, 15, i) for i in range(40)],
)
def test_random_programs(check, least, block, lattice):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sum(check(seed, lattice) for seed in range(10_000 + 100 * block, 10_100 + 100 * block)) > least
