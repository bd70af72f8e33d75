"""The examples in the compiled module's docstrings, which pytest's --doctest-modules does not see."""

import doctest

import pytest

from dualnum import _core

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FOUND = [test for test in doctest.DocTestFinder().find(_core) if test.examples]
EXAMPLES = [test for test in FOUND if "__test__" not in test.name]  # Cython's list of the same docstrings


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda test: test.name)
def test_example(example):
    failed, attempted = doctest.DocTestRunner(optionflags=FLAGS).run(example)
    assert attempted > 0
    assert failed == 0


def test_public_names_have_examples():
    names = {test.name.removeprefix("dualnum._core.") for test in EXAMPLES}
    assert names >= {"Dual", "DualArray", "HyperDual", "value", "tangent", "parts"}
