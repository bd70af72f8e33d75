"""The command line, run as a person runs it, and its parts."""

import json
import math
import re

import numpy as np
import pytest


@pytest.fixture
def report(run):
    """Return a function that runs the command with --json and gives its report."""

    def report(*argv):
        code, out, err = run(*argv, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return report


@pytest.fixture
def model(tmp_path):
    """Return the path of a file with functions."""
    path = tmp_path / "model.py"
    path.write_text(
        "import math\n"
        "import numpy as np\n"
        "from neighbour import two\n"
        "class Gas:\n"
        "    @staticmethod\n"
        "    def pressure(volume, temperature=300.0):\n"
        "        return temperature / volume\n"
        "def pair(x):\n"
        "    return np.array([x[0] * x[1], np.sin(x[0])])\n"
        "def quadratic(a, b, scale=1.0):\n"
        "    return scale * (a @ a) * b\n"
        "def total(m):\n"
        "    return np.sum(m ** two)\n"
        "def constant(x):\n"
        "    return 1.5\n"
        "def drops(x):\n"
        "    return math.sin(x)\n"
        "def fails(x):\n"
        "    raise RuntimeError('first line\\nsecond line')\n"
        "def leaves(x):\n"
        "    raise SystemExit(0)\n"
        "def half(x):\n"
        "    if x != 2:\n"
        "        raise ValueError('only at 2')\n"
        "    return x * x\n"
        "def text(x):\n"
        "    return 'abc'\n"
        "def complexes(x):\n"
        "    return 2j * x\n"
        "number = 3\n"
    )
    (tmp_path / "neighbour.py").write_text("two = 2\n")
    return path


def test_text_of_a_formula(run):
    # every number here is exact in binary, so the differences are, too
    assert run("2*x", "--at", 8, "--hessian") == (
        0,
        "2*x\n"
        "at x = 8.0\n"
        "\n"
        "value               16.0\n"
        "\n"
        "derivative         exact  central difference  digits\n"
        "x                    2.0                 2.0    16.0\n"
        "\n"
        "second derivative  exact  central difference  digits\n"
        "x                    0.0                 0.0    16.0\n",
        "",
    )


def test_text_is_aligned(run):
    code, out, err = run(
        "scipy.optimize:rosen", "--at", 1.3, 0.7, 0.8, 1.9, 1.2, "--hessian", "--lift", "never"
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["scipy.optimize:rosen", "at x = [1.3, 0.7, 0.8, 1.9, 1.2]"]
    assert re.fullmatch(r"value +848.22\d*", lines[3])
    assert lines[5].split() == ["gradient", "exact", "central", "difference", "digits"]
    assert [line.split()[0] for line in lines[6:11]] == [f"x[{i}]" for i in range(5)]
    assert lines[12].split() == ["hessian", "exact", "central", "difference", "digits"]
    assert [line.split()[:2] for line in lines[13:]] == [
        [f"x[{i}]", f"x[{j}]"] for i in range(5) for j in range(i, 5)
    ]
    points = {tuple(match.start() for match in re.finditer(r"\.", line)) for line in lines[6:11] + lines[13:]}
    assert len(points) == 1
    assert len({len(line) for line in lines[5:11] + lines[12:]}) == 1


def test_rosen(report):
    from scipy.optimize import rosen, rosen_der, rosen_hess

    x = [1.3, 0.7, 0.8, 1.9, 1.2]
    result = report("scipy.optimize:rosen", "--at", *x, "--hessian", "--lift", "never")
    assert list(result) == ["function", "at", "value", "gradient", "hessian"]
    assert result["function"] == "scipy.optimize:rosen"
    assert result["at"] == {"x": x}
    assert result["value"] == rosen(np.array(x))
    np.testing.assert_allclose(result["gradient"]["exact"], rosen_der(np.array(x)), rtol=1e-14)
    np.testing.assert_allclose(result["hessian"]["exact"], rosen_hess(np.array(x)), rtol=1e-14)
    assert min(result["gradient"]["digits"]) > 8
    assert np.min(result["hessian"]["digits"]) > 5


def test_scalar_formula(report):
    result = report("exp(-x**2)*sin(3*x)", "--at", "0.4", "--hessian")
    assert list(result) == ["function", "at", "value", "derivative", "second_derivative"]
    assert result["value"] == math.exp(-(0.4**2)) * math.sin(3 * 0.4)
    assert result["derivative"]["digits"] > 8
    assert result["second_derivative"]["digits"] > 5


@pytest.mark.parametrize(
    ("words", "point", "gradient"),
    [
        (["x*y**2", "--at", "x=3", "y=-2"], {"x": 3.0, "y": -2.0}, [4.0, -12.0]),
        (["x*y**2", "--at", "y=-2", "x=3"], {"y": -2.0, "x": 3.0}, [-12.0, 4.0]),
        (["x*y[1]", "--at", "x=3", "y=[5, 7]"], {"x": 3.0, "y": [5.0, 7.0]}, [7.0, 0.0, 3.0]),
        (["sum(a**2)", "--at", "a=[1,2]"], {"a": [1.0, 2.0]}, [2.0, 4.0]),
        (["x[0]*x[1]", "--at", "2", "-1e-3"], {"x": [2.0, -1e-3]}, [-1e-3, 2.0]),
        (["x[0]*x[1]", "--at", "2,3"], {"x": [2.0, 3.0]}, [3.0, 2.0]),
        (["x[0]*x[1]", "--at", "2,", "3"], {"x": [2.0, 3.0]}, [3.0, 2.0]),
        (["sum(x)", "--at", "[2]"], {"x": [2.0]}, [1.0]),
        (["sum(x**2)", "--at", "[[1, 2], [3, 4]]"], {"x": [[1.0, 2.0], [3.0, 4.0]]}, [[2.0, 4.0], [6.0, 8.0]]),
        (["k*sum(x)", "--at", "1", "2", "--with", "k=3"], {"x": [1.0, 2.0]}, [3.0, 3.0]),
        (["-x[0]**2", "--at", "1", "2"], {"x": [1.0, 2.0]}, [-2.0, 0.0]),
    ],
)  # fmt: skip
def test_points_and_gradients(report, words, point, gradient):
    result = report(*words)
    assert result["at"] == point
    assert result["gradient"]["exact"] == gradient
    assert np.shape(result["gradient"]["central_difference"]) == np.shape(gradient)


@pytest.mark.parametrize(
    ("words", "derivative"),
    [
        (["-x**2", "--at", "-1e-3"], 2e-3),
        (["x**2", "--at", "x=3"], 6.0),
        (["t**2", "--at", "3"], 6.0),
        (["sin(x)", "--at", "pi/2 - pi/2"], 1.0),
        (["a*x", "--at", "1", "--with", "a=2"], 2.0),
        (["a*x", "--at", "x=1", "--with", "a=2"], 2.0),
    ],
)
def test_points_and_derivatives(report, words, derivative):
    assert report(*words)["derivative"]["exact"] == derivative


def test_functions_of_a_file(report, model):
    result = report(f"{model}:pair", "--at", 2, 3, "--hessian", "--lift", "never")
    np.testing.assert_allclose(result["jacobian"]["exact"], [[3, 2], [math.cos(2), 0]], rtol=1e-15)
    np.testing.assert_allclose(
        result["hessian"]["exact"], [[[0, 1], [1, 0]], [[-math.sin(2), 0], [0, 0]]], rtol=1e-15
    )
    assert report(f"{model}:Gas.pressure", "--at", 2)["derivative"]["exact"] == -75.0
    result = report(f"{model}:Gas.pressure", "--at", "volume=2", "temperature=310")
    assert result["gradient"]["exact"] == [-77.5, 0.5]
    assert (
        report(f"{model}:Gas.pressure", "--at", 2, "--with", "temperature=4")["derivative"]["exact"] == -1.0
    )
    result = report(f"{model}:quadratic", "--at", "a=[1,2]", "b=3", "--with", "scale=10")
    assert result["gradient"]["exact"] == [60.0, 120.0, 50.0]
    result = report(f"{model}:total", "--at", "[[1,2],[3,4]]", "--hessian")
    np.testing.assert_array_equal(result["hessian"]["exact"], 2 * np.eye(4).reshape(2, 2, 2, 2))
    assert report(f"{model}:constant", "--at", 1, 2)["gradient"]["exact"] == [0.0, 0.0]


def test_vector_valued_text(run, model):
    code, out, _ = run(f"{model}:pair", "--at", 2, 3)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[3:6]] == ["value", "f[0]", "f[1]"]
    assert [line.split()[:2] for line in out.splitlines()[8:]] == [
        [f"f[{i}]", f"x[{j}]"] for i in (0, 1) for j in (0, 1)
    ]


def test_a_difference_that_fails_is_nan(report, run, model):
    result = report(f"{model}:half", "--at", 2)
    assert result["derivative"] == {"exact": 4.0, "central_difference": "nan", "digits": "nan"}
    assert run(f"{model}:half", "--at", 2)[1].splitlines()[-1].split() == ["x", "4.0", "nan", "-"]


def test_long_tables_are_cut(run):
    code, out, _ = run("sum(x)", "--at", *range(10), "--rows", 4)
    assert code == 0
    assert out.splitlines()[-2].startswith("x[3] ")
    assert out.splitlines()[-1] == "... and 6 rows more: see --rows and --format"


BAD_INPUT = [
    ([], "the following arguments are required: FUNCTION, --at"),
    (["x"], "the following arguments are required: --at"),
    (["x", "--at"], "argument --at: expected at least one argument"),
    (["x", "--at", "1", "--rows", "a"], "argument --rows: invalid int value: 'a'"),
    (["x", "--at", "1", "--hess"], "unrecognized arguments: --hess"),
    (["x", "--at", "one"], "'one' is not a number"),
    (["x", "--at", "1,,2"], "'' is not a number"),
    (["x", "--at", "nan"], "the point must be finite, got nan"),
    (["x", "--at", "1e999"], "the point must be finite, got 1e999"),
    (["x", "--at", "[]"], "the point has no elements"),
    (["x", "--at", "[1, [2]]"], "[1, [2]] is not a list of numbers such as [[1, 2], [3, 4]]"),
    (["x", "--at", "[1"], "[1 is not a list of numbers such as [[1, 2], [3, 4]]"),
    (["x", "--at", "x=1", "2"], "--at expects either values or NAME=VALUE, not both"),
    (["x", "--at", "x=1", "x=2"], "--at names a variable twice"),
    (["x", "--at", "y=1"], "--at names y, but the variables of 'x' are x"),
    (["x*y", "--at", "1", "2"], "'x*y' has the variables x, y: write --at x=VALUE y=VALUE"),
    (["2*pi", "--at", "1"], "'2*pi' has no variable to differentiate by"),
    (["a*x", "--at", "1", "--with", "b=2"], "'a*x' has no variable 'b'"),
    (["a*x", "--at", "1", "--with", "2"], "expected NAME=VALUE, got '2'"),
    (["x ^ 2", "--at", "1"], "'x ^ 2' has an operator that is not allowed in a formula; a power is written **"),
    (["no_such_module:f", "--at", "1"],
     "cannot import no_such_module: ModuleNotFoundError: No module named 'no_such_module'"),
    (["math:no_such", "--at", "1"], "math has no 'no_such'"),
    (["math:pi", "--at", "1"], "math:pi is not a function but a float"),
    (["no_such.py:f", "--at", "1"], "there is no file no_such.py"),
    (["model.py", "--at", "1", "2"], "model.py is a file: write model.py:NAME for a function of it"),
    (["energy", "--at", "1"], "'energy' is a variable: write module:energy or FILE.py:energy for a function"),
    (["ln(x)", "--at", "1"], "unknown function 'ln'; did you mean log?"),
    (["norm(x)", "--at", "1"], "unknown function 'norm'; did you mean sqrt(sum(x**2))?"),
    (["x", "--at", "1", "--output", "o.xlsx"],
     "--output expects a name that ends in .csv, .json, .jsonl, .npy, .txt, or --format, got o.xlsx"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), BAD_INPUT, ids=lambda value: None)
def test_bad_input_is_one_line_and_code_2(run, words, message):
    assert run(*words) == (2, "", f"dualnum: error: {message}\n")


def test_complex_results(run, report, model, tmp_path):
    code, out, err = run(f"{model}:complexes", "--at", 0.5)
    assert (code, err) == (0, "")
    assert out.splitlines()[3:] == [
        "value          1j",
        "",
        "derivative  exact  central difference  digits",
        "x              2j                  2j    16.0",
    ]
    found = report(f"{model}:complexes", "--at", 0.5)
    assert found["value"] == {"real": 0.0, "imag": 1.0}
    assert found["derivative"]["exact"] == {"real": 0.0, "imag": 2.0}
    points = tmp_path / "points.csv"
    points.write_text("x\n0.5\n-1\n")
    rows = run(f"{model}:complexes", "--at", points, "--format", "csv")[1].splitlines()
    assert rows == ["x,f,df/dx", "0.5,1j,2j", "-1.0,(-0-2j),2j"]
    assert run(f"{model}:complexes", "--at", points, "--batched", "--format", "csv")[1].splitlines() == rows
    assert run(f"{model}:complexes", "--at", points, "--output", tmp_path / "out.npy")[0] == 0
    records = np.load(tmp_path / "out.npy")
    assert records["value"].tolist() == [1j, -2j]
    assert records["derivative"].dtype == complex
    assert records["at"].dtype == float
    taylor = report("exp(1j*x)", "--at", 0, "--taylor", 2)["taylor"]["coefficients"]
    assert taylor == [{"real": a, "imag": b} for a, b in ((1, 0), (0, 1), (-0.5, 0))]
    found = report("real(exp(1j*x)) + imag(2j*x) + angle(conj(1j*x))", "--at", 0.5)["derivative"]["exact"]
    assert found == pytest.approx(2 - np.sin(0.5), rel=1e-15)
    code, out, err = run(f"{model}:complexes", "--at", 0.5, "--hessian")
    assert (code, out) == (1, "")
    assert err.endswith("expects f(x) to be real numbers, got complex ones; use jacobian(f), or abs(f(x)).\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fails", "fails raised RuntimeError: first line second line"),
        ("leaves", "leaves raised SystemExit: 0"),
        (
            "text",
            "text raised TypeError: value_and_jacobian(f)(x) expects f(x) to be a number or an array, got str.",
        ),
    ],
)
def test_functions_that_fail_are_one_line_and_code_1(run, model, name, message):
    assert run(f"{model}:{name}", "--at", 1) == (1, "", f"dualnum: error: {model}:{message}\n")


def test_formulas_that_fail(run):
    message = "dualnum: error: x[2] raised IndexError: index 2 is out of bounds for axis 0 with size 2\n"
    assert run("x[2]", "--at", "1", "2") == (1, "", message)


def test_what_is_no_function(run, model):
    message = f"dualnum: error: {model}:number is not a function but a int\n"
    assert run(f"{model}:number", "--at", 1) == (2, "", message)


def test_what_would_drop_a_derivative_is_named(run, model):
    code, out, err = run(f"{model}:drops", "--at", 1, "--lift", "never")
    assert (code, out) == (1, "")
    assert err.startswith(f"dualnum: error: {model}:drops raised TypeError: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (["--at", 1, 2], "x[1]       2.0"),
        (["--at", 1, 2, "--lift", "always"], "x[1]       2.0"),
        (["--at", 1, 2, "--hessian"], "x[0] x[0]  2.718281828459045"),
        (["--at", 1, 2, "--taylor", 2], "c[2,0]  1.3591409142295225"),
        (["--at", "x=[1, 2]"], "x[1]       2.0"),
    ],
)
def test_ordinary_code_is_lifted(run, tmp_path, words, table):
    path = tmp_path / "ordinary.py"
    path.write_text(
        "import math\n"
        "import numpy as np\n"
        "def energy(x):\n"
        "    parts = np.zeros(2)\n"
        "    parts[:] = math.exp(x[0]), 2 * x[1]\n"
        "    return float(parts.sum())\n"
    )
    for _ in range(2):  # the second time the lifters know math.exp
        code, out, err = run(f"{path}:energy", *words, "--no-check")
        assert code == 0
        (row,) = (row for row in out.splitlines() if row.split()[:-1] == table.split()[:-1])
        assert float(row.split()[-1]) == pytest.approx(float(table.split()[-1]), rel=1e-15)
        assert err == f"dualnum: lifted: {path}:energy (math.exp, np.zeros, float)\n"


@pytest.mark.parametrize("words", [["exp(-x)*abs(x)", "--lift", "always"], ["numpy:sin"]])
def test_what_needs_no_lifting_is_not_called_lifted(run, words):
    assert run(*words, "--at", 1)[::2] == (0, "")


def test_traceback_comes_before_the_error(run, model):
    code, out, err = run(f"{model}:fails", "--at", 1, "--traceback")
    assert (code, out) == (1, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert re.search(rf'File "{re.escape(str(model))}", line \d+, in fails\n    raise RuntimeError', err)
    assert err.splitlines()[-3:-1] == ["RuntimeError: first line", "second line"]
    assert (
        err.splitlines()[-1] == f"dualnum: error: {model}:fails raised RuntimeError: first line second line"
    )


def test_a_file_that_does_not_load(run, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    code, out, err = run(f"{path}:f", "--at", 1)
    assert (code, out) == (2, "")
    assert err.startswith(f"dualnum: error: cannot import {path}: SyntaxError: ")
    assert len(err.splitlines()) == 1


def test_help_names_every_kind_of_function(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(
        word in out
        for word in ("scipy.optimize:rosen", "model.py:energy", "exp(-x**2) * sin(3*x)", "--at x=1")
    )
