"""The command line with many points: files of every sort, formats of every sort, and points at which it fails."""

import csv
import io
import json
import os

import numpy as np
import pytest

import dualnum as dn

POINTS = np.array([[1.0, 2.0], [3.0, -4.5], [1e-3, 7.0]])
SQUARES = "sum(x**2) * x[0]"


def squares(x):
    return np.sum(x**2) * x[0]


@pytest.fixture
def run(run_binary):
    """Return a function that runs the command: exit code, output, errors, as bytes."""
    return run_binary


@pytest.fixture
def model(tmp_path):
    """Write a file with functions."""
    (tmp_path / "model.py").write_text(
        "import numpy as np\n"
        "print('imported')\n"
        "calls = 0\n"
        "def gas(volume, temperature=300.0):\n"
        "    return temperature / volume\n"
        "def talks(x):\n"
        "    print('called')\n"
        "    return np.sum(x**2)\n"
        "def picky(x):\n"
        "    if x[0] > 2:\n"
        "        raise ValueError('too big')\n"
        "    return np.sum(x**2)\n"
        "def grows(x):\n"
        "    return np.ones(int(dn_value(x[0])))\n"
        "def once(x):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    if calls > 1:\n"
        "        raise RuntimeError('called twice')\n"
        "    return np.sin(x[..., 0]) * x[..., 1]\n"
        "from dualnum import value as dn_value\n"
    )


def text_of(points, delimiter=",", head=""):
    return (head + "\n".join(delimiter.join(map(repr, row)) for row in points.tolist()) + "\n").encode()


def rows_of(out):
    """Return the head and the numbers of CSV."""
    head, *rows = csv.reader(io.StringIO(out.decode()))
    return head, np.array(rows, float)


def saved(points):
    file = io.BytesIO()
    np.save(file, points)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("points.csv", text_of(POINTS)),
        ("points.csv", text_of(POINTS, ", ")),
        ("points.CSV", text_of(POINTS, ";")),
        ("points.tsv", text_of(POINTS, "\t")),
        ("points.dat", text_of(POINTS, "  ")),
        ("points.csv", text_of(POINTS, head="x[0],x[1]\n")),
        ("points.csv", text_of(POINTS, " ", head="# written by savetxt\n\n")),
        ("points.csv", text_of(POINTS).replace(b"\n", b"\r\n")),
        ("points.csv", b"\xef\xbb\xbf" + text_of(POINTS)),
        ("points.csv", text_of(POINTS).rstrip(b"\n") + b"  # no end of line"),
        ("points.npy", saved(POINTS)),
        ("points.npy", saved(np.asfortranarray(POINTS))),
        ("points.csv", saved(POINTS)),
        ("points.npy", text_of(POINTS)),
    ],
)
def test_files_and_standard_input_of_every_sort_hold_the_same_points(run, tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    expected = [[*x, squares(x), *dn.gradient(squares)(x)] for x in POINTS]
    for words, stdin in (([name], b""), (["-"], data)):
        code, out, err = run(SQUARES, "--at", *words, "--format", "csv", stdin=stdin)
        assert (code, err) == (0, b"")
        head, rows = rows_of(out)
        assert head == ["x[0]", "x[1]", "f", "df/dx[0]", "df/dx[1]"]
        np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize(
    ("function", "data", "names"),
    [
        ("t**2", b"1\n2\n", ["t"]),
        ("t**2", b"t\n1\n2\n", ["t"]),
        ("t**2", b"id,t\n0,1\n0,2\n", ["t"]),
        ("y * x**2", b"1,2\n3,4\n", ["y", "x"]),
        ("y * x**2", b"x,y,z\n1,2,0\n3,4,0\n", ["y", "x"]),
        ("model.py:gas", b"1\n2\n", ["x"]),
        ("model.py:gas", b"temperature,volume\n1,2\n3,4\n", ["temperature", "volume"]),
        ("sum(x**2)", b"x[1],x[0],f\n1,2,5\n3,4,25\n", ["x[0]", "x[1]"]),
        ("model.py:talks", b"a,b\n1,2\n3,4\n", ["a", "b"]),
        ("model.py:talks", b"x,y\n1,2\n3,4\n", ["x", "y"]),
        ("x[1]*y", saved(POINTS), None),
    ],
)
def test_columns_are_variables(run, model, function, data, names):
    code, out, _ = run(function, "--at", "-", "--format", "csv", stdin=data)
    if names is None:  # y is a number, x a number: x[1] fails at the first point
        assert (code, out) == (1, b"")
        return
    assert code == 0
    head, rows = rows_of(out)
    n = len(names)
    assert head[: n + 1] == [*names, "f"]
    assert head[n + 1 :] == [f"df/d{name}" for name in names]
    # the gradient agrees with the difference of the values along the rows' own columns
    assert rows.shape == (2, 2 * n + 1)


@pytest.mark.parametrize(
    ("function", "head", "known"),
    [
        ("x*z", "z,y", "variables of 'x*z' are x, z"),
        ("x*z", "a,b", "variables of 'x*z' are x, z"),
        ("sum(x**2)", "a,b", "variables of 'sum(x**2)' are x"),
        ("t**2", "u", "variables of 't**2' are t"),
        ("model.py:gas", "volume,id", "arguments of 'model.py:gas' are volume, temperature"),
        ("model.py:gas", "temperature,id", "arguments of 'model.py:gas' are volume, temperature"),
        ("model.py:gas", "temperature", "arguments of 'model.py:gas' are volume, temperature"),
    ],
)
def test_a_head_that_names_other_columns_is_an_error(run, model, function, head, known):
    rows = "\n".join([head, *(",".join("1" * len(head.split(","))) for _ in range(2))])
    code, out, err = run(function, "--at", "-", stdin=rows.encode())
    message = f"the head names the columns {head.replace(',', ', ')}, but the {known}"
    assert (code, out) == (2, b"")
    assert err.decode().removeprefix("imported\n") == (
        f"dualnum: error: {message}: name them so, or leave the head out\n"
    )


def test_named_columns_reach_their_arguments(run, model):
    _, out, _ = run("model.py:gas", "--at", "-", "--format", "csv", stdin=b"temperature,volume\n1,2\n300,4\n")
    np.testing.assert_array_equal(rows_of(out)[1], [[1, 2, 0.5, 0.5, -0.25], [300, 4, 75, 0.25, -18.75]])
    _, out, _ = run(
        "model.py:gas", "--at", "-", "--format", "csv", "--with", "temperature=8", stdin=b"volume\n2\n"
    )
    np.testing.assert_array_equal(rows_of(out)[1], [[2, 4, -2]])


def test_an_array_of_matrices_is_a_file_of_matrices(run, tmp_path):
    points = np.arange(12.0).reshape(3, 2, 2) + np.eye(2)
    np.save(tmp_path / "m.npy", points)
    code, out, _ = run("sum(x @ x)", "--at", "m.npy", "--output", "o.npy", "--hessian")
    assert (code, out) == (0, b"")
    found = np.load(tmp_path / "o.npy")
    assert found.dtype.names == ("at", "value", "gradient", "hessian")
    assert found.shape == (3,)
    np.testing.assert_array_equal(found["at"], points)
    for record, x in zip(found, points, strict=True):
        np.testing.assert_allclose(record["gradient"], dn.gradient(lambda x: np.sum(x @ x))(x), rtol=1e-15)
        np.testing.assert_allclose(record["hessian"], dn.hessian(lambda x: np.sum(x @ x))(x), rtol=1e-15)


# Formats


@pytest.mark.parametrize("batched", [False, True])
def test_every_format_holds_the_same_numbers(run, tmp_path, batched):
    (tmp_path / "p.csv").write_bytes(text_of(POINTS))
    words = ["exp(x[..., 0]) * x[..., 1]**2", "--at", "p.csv", "--hessian", *["--batched"] * batched]

    def f(x):
        return np.exp(x[0]) * x[1] ** 2

    for output in ("o.csv", "o.json", "o.npy", "o.txt"):
        assert run(*words, "--output", output) == (0, b"", b"")
    records = np.load(tmp_path / "o.npy")
    head, rows = rows_of((tmp_path / "o.csv").read_bytes())
    assert head[5:] == ["d2f/dx[0]dx[0]", "d2f/dx[0]dx[1]", "d2f/dx[1]dx[0]", "d2f/dx[1]dx[1]"]
    objects = [json.loads(line) for line in (tmp_path / "o.json").read_text().splitlines()]
    table = [line.split() for line in (tmp_path / "o.txt").read_text().splitlines()]
    for i, x in enumerate(POINTS):
        value, gradient, hessian = dn.value_gradient_hessian(f)(x)
        np.testing.assert_allclose(records[i]["value"], value, rtol=1e-15)
        np.testing.assert_allclose(records[i]["gradient"], gradient, rtol=1e-15)
        np.testing.assert_allclose(records[i]["hessian"], hessian, rtol=1e-15)
        np.testing.assert_array_equal(
            rows[i], [*x, records[i]["value"], *records[i]["gradient"], *records[i]["hessian"].ravel()]
        )
        assert objects[i]["at"] == {"x": x.tolist()}
        assert objects[i]["value"] == records[i]["value"]
        assert objects[i]["hessian"] == {"exact": records[i]["hessian"].tolist()}
        np.testing.assert_allclose(np.array(table[i + 1], float), rows[i], rtol=1e-7)


def test_one_point_in_every_format(run, tmp_path):
    for format in ("csv", "npy", "json"):
        code, out, err = run("x**3", "--at", 2, "--hessian", "--format", format)
        assert (code, err) == (0, b"")
        if format == "csv":
            assert out == b"x,f,df/dx,d2f/dxdx\n2.0,8.0,12.0,12.0\n"
        elif format == "npy":
            record = np.load(io.BytesIO(out))
            assert record.shape == ()
            assert record.dtype.names == ("at", "value", "derivative", "second_derivative")
            assert record["second_derivative"] == 12
        else:
            assert json.loads(out)["second_derivative"]["exact"] == 12


@pytest.mark.parametrize("batched", [False, True])
def test_taylor_coefficients_of_one_variable(run, batched):
    points = [0.5, 2.0]
    words = ["1 / (1 - x)", "--at", "-", "--taylor", 4, "--format", "csv", *["--batched"] * batched]
    code, out, _ = run(*words, stdin=b"0.5\n2\n")
    head, rows = rows_of(out)
    assert (code, head) == (0, ["x", "f", *(f"c[{k}]" for k in range(5))])
    for x, row in zip(points, rows, strict=True):  # 1 / (1 - x - t) = sum of t**k / (1 - x)**(k + 1)
        np.testing.assert_allclose(
            row, [x, 1 / (1 - x), *((1 - x) ** -(k + 1.0) for k in range(5))], rtol=1e-14
        )


def test_taylor_coefficients_of_several_variables(run):
    code, out, _ = run("exp(x) * y", "--at", "x=0", "y=2", "--taylor", 2, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["taylor"]["powers"] == [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
    np.testing.assert_allclose(found["taylor"]["coefficients"], [2, 2, 1, 1, 1, 0], rtol=1e-15)
    code, out, _ = run("exp(x) * y", "--at", "x=0", "y=2", "--taylor", 1)
    assert out.decode().splitlines()[5:] == [
        "taylor  coefficient",
        "c[0,0]          2.0",
        "c[1,0]          2.0",
        "c[0,1]          1.0",
    ]


def test_taylor_of_an_array_has_the_coefficients_last(run, tmp_path):
    code, _, err = run("x**2", "--at", "[1, 2]", "--taylor", 1, "--output", "o.npy")
    assert (code, err) == (0, b"")
    record = np.load(tmp_path / "o.npy")
    np.testing.assert_array_equal(record["taylor"], [[1, 2, 0], [4, 0, 4]])
    code, out, _ = run("x**2", "--at", "[1, 2]", "--taylor", 1, "--format", "csv")
    assert out.splitlines()[0] == (
        b'x[0],x[1],f[0],f[1],f[0] c[0,0],"f[0] c[1,0]","f[0] c[0,1]"'.replace(
            b"f[0] c[0,0]", b'"f[0] c[0,0]"'
        )
        + b',"f[1] c[0,0]","f[1] c[1,0]","f[1] c[0,1]"'
    )


def test_batched_calls_once(run, model):
    data = text_of(POINTS)
    code, out, err = run("model.py:once", "--at", "-", "--batched", "--format", "csv", stdin=data)
    assert (code, err) == (0, b"imported\n")
    np.testing.assert_allclose(rows_of(out)[1][:, 3], np.cos(POINTS[:, 0]) * POINTS[:, 1], rtol=1e-15)
    code, _, err = run("model.py:once", "--at", "-", "--format", "csv", stdin=data)
    assert code == 1
    assert b"called twice" in err


def test_a_list_is_a_batch(run):
    code, out, _ = run("x[..., 0] * x[..., 1]", "--at", "[[1, 2], [3, 4]]", "--batched", "--format", "csv")
    assert code == 0
    np.testing.assert_array_equal(rows_of(out)[1], [[1, 2, 2, 2, 1], [3, 4, 12, 4, 3]])


def test_what_a_function_prints_is_not_output(run, model):
    code, out, err = run("model.py:talks", "--at", 1, 2, "--json")
    assert code == 0
    assert json.loads(out)["value"] == 5
    assert err.startswith(b"imported\ncalled\n")


def test_tables_show_some_rows_and_all_columns(run):
    code, out, err = run("sum(x**2)", "--at", "-", "--rows", 2, stdin=text_of(np.ones((5, 30))))
    lines = out.decode().splitlines()
    assert (code, err) == (0, b"")
    assert [len(line.split()) for line in lines[:3]] == [61] * 3
    assert lines[3:] == ["... and 3 points more: see --rows and --format"]
    _, out, _ = run("sum(x**2)", "--at", "-", "--rows", 4, stdin=text_of(np.ones((5, 2))))
    assert out.decode().splitlines()[-1] == "... and 1 point more: see --rows and --format"


def test_no_check_leaves_the_differences_out(run):
    code, out, _ = run("x**2", "--at", 3, "--no-check")
    assert (code, out.decode().splitlines()[5:]) == (0, ["derivative  exact", "x             6.0"])
    assert json.loads(run("x**2", "--at", 3, "--no-check", "--json")[1])["derivative"] == {"exact": 6.0}


def test_warnings_are_one_line_and_name_the_function_s(run, tmp_path):
    (tmp_path / "m.py").write_text("import numpy as np\ndef f(x):\n    return np.log(x)\n")
    code, _, err = run("m.py:f", "--at", -1, "--no-check")
    message = "dualnum: warning: invalid value encountered in log "
    assert (code, err.decode().splitlines()[0]) == (1, f"{message}({tmp_path / 'm.py'}, line 3)")


# What fails


def test_points_that_fail_are_nan_and_counted(run, model):
    data = b"1,1\n3,1\n2,2\n4,4\n"
    message = b"2 of 4 points failed; the first: model.py:picky raised ValueError: too big at standard input, line 2"
    expected = (1, b"imported\ndualnum: " + message + b"\n")
    code, out, err = run("model.py:picky", "--at", "-", "--format", "csv", stdin=data)
    assert (code, err) == expected
    nan = np.nan
    np.testing.assert_array_equal(
        rows_of(out)[1], [[1, 1, 2, 2, 2], [3, 1, nan, nan, nan], [2, 2, 8, 4, 4], [4, 4, nan, nan, nan]]
    )
    *_, err = run("model.py:picky", "--at", "-", "--traceback", stdin=data)
    assert b"raise ValueError('too big')\nValueError: too big\ndualnum: " + message + b"\n" in err
    code, out, err = run("model.py:picky", "--at", "-", "--json", stdin=data)
    assert (code, err) == expected
    objects = [json.loads(line) for line in out.splitlines()]
    assert [list(found)[2] for found in objects] == ["value", "error", "value", "error"]
    assert objects[3]["error"].endswith("too big at standard input, line 4")
    code, out, err = run("model.py:picky", "--at", "-", stdin=data)
    assert (code, err) == expected
    assert out.decode().splitlines()[2].split() == ["3", "1", "nan", "nan", "nan"]


def test_where_the_first_point_fails_the_function_fails(run, model, tmp_path):
    code, out, err = run("model.py:picky", "--at", "-", "--output", "o.csv", stdin=b"3,1\n1,1\n")
    message = b"dualnum: error: model.py:picky raised ValueError: too big at standard input, line 1\n"
    assert (code, out, err) == (1, b"", b"imported\n" + message)
    assert not (tmp_path / "o.csv").exists()


def test_a_function_whose_shape_changes(run, model):
    words = ["--at", "-", "--format", "csv", "--lift", "never"]
    code, out, err = run("model.py:grows", *words, stdin=b"1,0\n2,0\n")
    message = b"model.py:grows returned shape (2,) at standard input, line 2, but (1,) at the first"
    assert code == 1
    assert err == b"imported\ndualnum: 1 of 2 points failed; the first: " + message + b"\n"
    assert rows_of(out)[1].shape == (2, 5)


@pytest.mark.parametrize("batched", [False, True])
def test_points_outside_of_the_domain_are_told(run, batched):
    words = ["--format", "csv", *["--batched"] * batched]
    code, out, err = run("log(x)", "--at", "-", *words, stdin=b"-1\n4\n-2\n")
    assert code == 1
    assert err.splitlines()[-1] == (
        b"dualnum: 2 of 3 points failed; the first: log(x) is nan at standard input, line 1: "
        b"the point is outside of its domain"
    )
    np.testing.assert_array_equal(
        rows_of(out)[1], [[-1, np.nan, np.nan], [4, np.log(4), 0.25], [-2, np.nan, np.nan]]
    )
    code, out, err = run("log(x)", "--at", "-1", "--no-check")
    assert code == 1
    assert out.decode().splitlines()[3::3] == ["value         nan", "x             nan"]
    assert err.splitlines()[-1] == b"dualnum: log(x) is nan: the point is outside of its domain"
    code, out, _ = run("log(x)", "--at", "-1", "--json")
    assert (code, json.loads(out)["error"]) == (1, "log(x) is nan: the point is outside of its domain")


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize(
    ("data", "bad", "got"),
    [
        (b"1,2\nnan,1\n3,4\n", 2, "nan"),
        (b"inf,1\n1,2\n3,4\n", 1, "inf"),
        (b"1,2\n3,4\n,1\n", 3, "nan"),
        (b"1,2\n3,4\n1e999,1\n", 3, "inf"),
    ],
)
def test_rows_that_are_not_finite_are_marked(run, data, bad, got, batched):
    words = ["--format", "csv", *["--batched"] * batched]
    code, out, err = run("x[..., 0] * x[..., 1]", "--at", "-", *words, stdin=data)
    message = f"standard input, line {bad}: the point must be finite, got {got}"
    assert code == 1
    assert err.decode().splitlines()[-1] == f"dualnum: 1 of 3 points failed; the first: {message}"
    good = np.delete(rows_of(out)[1], bad - 1, axis=0)
    np.testing.assert_array_equal(good, [[1, 2, 2, 2, 1], [3, 4, 12, 4, 3]])


def test_files_without_a_finite_point(run):
    message = "standard input, line 1: the point must be finite, got nan"
    assert run("sum(x)", "--at", "-", stdin=b"nan,1\n") == (2, b"", f"dualnum: error: {message}\n".encode())


def test_infinite_values_are_results(run):
    _, out, _ = run("x * inf", "--at", "-", "--json", stdin=b"-1\n")
    assert json.loads(out)["value"] == "-inf"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("p.csv", None, "cannot read p.csv: No such file or directory"),
        ("p.csv", b"", "p.csv has no points"),
        ("p.csv", b"x,y\n", "p.csv has no points"),
        ("p.csv", b"\n# nothing\n", "p.csv has no points"),
        ("p.csv", b"1,2\n3\n", "p.csv, line 2: expected 2 numbers, got 1"),
        ("p.csv", b"x,y\n3\n", "p.csv, line 2: expected 2 numbers, got 1"),
        ("p.csv", b"1,2\n3,4,5\n", "p.csv, line 2: expected 2 numbers, got 3"),
        ("p.csv", b"x,y\n1,2\n\n3,four\n", "p.csv, line 4: 'four' is not a number"),
        ("p.csv", b"x,y\nz,t\n", "p.csv, line 2: 'z' is not a number"),
        ("p.csv", b"1,two\n3,4\n", "p.csv, line 1: 'two' is not a number"),
        ("p.csv", b"x,nan\n3,4\n", "p.csv, line 1: 'x' is not a number"),
        ("p.csv", b"# a\n1,2x\n3,4\n", "p.csv, line 2: '2x' is neither a number nor the name of a column"),
        ("p.csv", b"x,.5y\n3,4\n", "p.csv, line 1: '.5y' is neither a number nor the name of a column"),
        ("p.csv", b"1\0,2\n3,4\n", "p.csv, line 1: '1\\x00' is neither a number nor the name of a column"),
        ("p.csv", b"x,y\x1b[2J\n3,4\n", "p.csv, line 1: 'y\\x1b[2J' is neither a number nor the name of a column"),
        ("p.csv", b"x,y\n1,2" + b"x" * 99 + b"\n", f"p.csv, line 2: '2{'x' * 55} ...' is not a number"),
        ("p.csv", b"1," + b"2" * 131_073, "p.csv, line 1: field larger than field limit (131072)"),
        *(
            ("p.csv", head + b"\n3,4\n", f"p.csv, line 1: {bad!r} is neither a number nor the name of a column")
            for head, bad in ((b"=1+1,x", "=1+1"), (b"x,+y", "+y"), (b"-x,y", "-x"), (b'x,"@y"', "@y"))
        ),
        ("p.csv", b"# a\n,1\n", "p.csv, line 2: the point must be finite, got nan"),
        ("p.csv", "1,2\n".encode("utf-16"), "p.csv is not UTF-8 text: byte 0 is 0xff"),
        ("p.csv", b"1,2\n\xe9,2\n", "p.csv is not UTF-8 text: byte 4 is 0xe9"),
        ("p.npy", b"", "p.npy has no points"),
        ("p.npy", saved(POINTS)[:-8], None),
        ("p.npy", saved(POINTS).replace(b"(3, 2), }" + b" " * 12, b"(900000000000000, 2)}"), None),
        ("p.npy", saved(POINTS).replace(b"(3, 2), }" + b" " * 12, b"(10000000000000000000)}"), None),
        ("p.npy", saved(np.array(["a"])), "p.npy expects real numbers, got dtype <U1"),
        ("p.npy", saved(POINTS + 1j), "p.npy expects real numbers, got dtype complex128"),
        ("p.npy", saved(np.array(1.0)), "p.npy expects one point for each entry of the first axis, got a number"),
        ("p.npy", saved(np.zeros((0, 2))), "p.npy has no points"),
        ("p.npy", saved(np.array([[1, np.inf]])), "p.npy, row 0: the point must be finite, got inf"),
    ],
)  # fmt: skip
def test_files_that_are_no_points(run, tmp_path, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, out, err = run("sum(x)", "--at", name)
    assert (code, out) == (2, b"")
    assert err.count(b"\n") == 1
    if message is not None:
        assert err.decode() == f"dualnum: error: {message}\n"


@pytest.mark.parametrize("head", ["T [K],d(x),\u03c6", "_a,x-y,%", ",u,v w"])
def test_names_of_columns_are_free_otherwise(run, head):
    code, out, err = run("numpy:sum", "--at", "-", "--format", "csv", stdin=f"{head}\n1,2,3\n".encode())
    assert (code, err) == (0, b"")
    assert rows_of(out)[0][:3] == head.split(",")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device is Linux's")
@pytest.mark.parametrize("points", [1, 5000])  # fewer and more bytes than a buffer holds
@pytest.mark.parametrize("format", ["csv", "npy"])
def test_a_full_disk_is_one_line_and_code_2(run, points, format):
    words = ["x**2", "--at", "-", "--output", "/dev/full", "--format", format]
    message = b"dualnum: error: cannot write /dev/full: No space left on device\n"
    assert run(*words, stdin=b"1\n" * points) == (2, b"", message)


def test_pickles_are_not_loaded(run, tmp_path):
    np.save(tmp_path / "p.npy", np.array([{}], dtype=object))
    code, out, err = run("sum(x)", "--at", "p.npy")
    assert (code, out) == (2, b"")
    assert err.startswith(b"dualnum: error: cannot read p.npy: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x*y", "--at", "-"],
         "'x*y' has the variables x, y: expected a column for each, got points of shape (3,)"),
        (["2*pi", "--at", "-"], "'2*pi' has no variable to differentiate by"),
        (["x", "--at", "-", "--compare"], "--compare expects one point, got 2"),
        (["x", "--at", "-", "--plot", "a.png"], "--plot expects one point, got 2"),
        (["x", "--at", "1", "--taylor", "-1"], "--taylor expects an order from 0 on, got -1"),
        (["x", "--at", "1", "--rows", "0"], "--rows expects a positive number, got 0"),
        (["x", "--at", "1", "--taylor", "0", "--hessian"], "--taylor and --hessian exclude each other"),
        (["x", "--at", "1", "--taylor", "2", "--compare"], "--taylor and --compare exclude each other"),
        (["x", "--at", "1", "--batched", "--compare"], "--batched and --compare exclude each other"),
        (["x", "--at", "1", "--batched"], "--batched expects a file or a list of points"),
        (["x*y", "--at", "x=1", "y=2", "--batched"], "--batched expects a file or a list of points"),
        (["x", "--at", "-", "--batched", "--taylor", "2"],
         "--batched --taylor expects points that are numbers, got shape (3,)"),
        (["x", "--at", "[[[1]]]", "--batched"],
         "--batched expects points that are numbers or vectors, got shape (1, 1)"),
        (["x", "--at", "1", "--compare", "--format", "csv"], "--compare has the formats table and json, got csv"),
        (["x", "--at", "1", "--output", "no/such/o.csv"], "cannot write no/such/o.csv: No such file or directory"),
    ],
)  # fmt: skip
def test_words_that_contradict_each_other(run, words, message):
    assert run(*words, stdin=b"1,2,3\n4,5,6\n") == (2, b"", f"dualnum: error: {message}\n".encode())


@pytest.mark.parametrize(
    "words", [(), ("--hessian",), ("--taylor", "2"), ("--format", "json"), ("--format", "npy")]
)
@pytest.mark.parametrize("function", ["model.py:picky", "model.py:talks", SQUARES])
def test_workers_write_what_one_process_writes(run, model, tmp_path, function, words):
    """Rows, errors at points, what the function prints, and the exit code."""
    np.save(tmp_path / "p.npy", np.vstack([POINTS, [[np.nan, 1.0]], POINTS + 1, POINTS]))
    words = [function, "--at", "p.npy", *(words or ["--format", "csv"])]
    code, out, _ = run(*words)
    assert run(*words, "--workers", "2")[:2] == (code, out)
    assert code == 1 and out


def test_workers_tell_what_was_lifted_and_warn(run, tmp_path):
    (tmp_path / "model.py").write_text(
        "import math, warnings\ndef f(x):\n    warnings.warn('heard')\n    return math.sin(x[0]) * x[1]\n"
    )
    np.save(tmp_path / "p.npy", np.vstack([POINTS] * 30))
    words = "model.py:f", "--at", "p.npy", "--format", "csv"
    code, out, err = run(*words, "--workers", "2")
    assert (code, out) == run(*words)[:2]
    assert b"lifted: model.py:f (math.sin)" in err and err.count(b"heard") == 1


def test_workers_at_one_point_make_its_passes(run):
    words = "scipy.optimize:rosen", "--at", *map(str, np.linspace(0, 1, 30)), "--hessian", "--json"
    assert run(*words, "--workers", "3") == run(*words)


def test_workers_exclude_what_they_do_not_share(run):
    np.save("p.npy", POINTS)
    for option in ("--batched", "--compare"):
        code, out, err = run(SQUARES, "--at", "p.npy", option, "--workers", "2")
        assert (code, out) == (2, b"")
        assert err == f"dualnum: error: --workers and {option} exclude each other\n".encode()
    code, _, err = run(SQUARES, "--at", "p.npy", "--workers", "0")
    assert (code, err) == (2, b"dualnum: error: --workers expects a positive number, got 0\n")
