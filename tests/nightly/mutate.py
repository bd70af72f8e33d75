"""Mutation run: change one operator, constant, condition or call of the sources at a time; list what no test notices.

::

    python tests/nightly/mutate.py python --count 300 --seed 1 --only rules/linalg
    python tests/nightly/mutate.py ext --count 100

The mutants live in forks of one pytest session.  A fork gives the functions of a Python file their mutated code and
runs the tests that reach the changed lines, the quick ones first, until one fails.  Those of the C++ headers and of the
Cython sources are built into one extension, where a fork switches its own on (switched.py).  So a mutant takes as long
as its tests.  All other code, that of module level and what cannot be switched, is changed in a copy of the checkout,
one mutant after another, unless ``--quick``.  Forks do not run factories of rules again, so that a mutant there may
survive wrongly where a test runs the rule on the same line.

``--journal FILE`` keeps the verdicts and the lines that tests reach, and a second run goes on from there.  A survivor
is printed with its line, for a test, or for a line of equivalent_mutants.txt that says why no test can see it.
"""

import argparse
import collections
import contextlib
import functools
import gc
import importlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import types

import pytest
import switched
from _pytest.runner import runtestprotocol
from mutants import native_mutants, python_mutants

ROOT = pathlib.Path(__file__).parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent_mutants.txt")
TIMEOUT = 600  # seconds of a file of tests, after which it counts as failed
MEMORY = 2**34  # bytes of addresses that a fork may take
PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
#: For the files that a pattern finds, the files of tests that should notice a change, the quickest first.
TESTS = {
    "dualnum/rules/linalg/products.py|dualnum/rules/linalg/einsum.py": "edges matrix_products linalg surface",
    "dualnum/rules/linalg/": "edges linalg determinants linalg_safety kinks linalg_identities surface",
    "dualnum/rules/ufuncs/": "edges rules scipy_special scipy_incomplete scipy_parameters",
    "dualnum/rules/scipy/ro": "scipy scipy_rotations scipy_roots scipy_optimize mirrored_scipy fitting",
    "dualnum/rules/scipy/mini": "scipy scipy_optimize mirrored_scipy fitting",
    "dualnum/rules/scipy/(linear|sparse|_linear)": "scipy_linalg scipy_sparse scipy_roots",
    "dualnum/rules/scipy/(bound|differ|quadr)": "scipy scipy_integrate",
    "dualnum/rules/scipy/(distributions|kernel)": "scipy_stats scipy_families",
    "dualnum/rules/scipy/": "scipy scipy_arrays scipy_linalg scipy_special",
    "dualnum/rules/guests.py|dualnum/rules/foreign": "foreign_code guests partners",
    "dualnum/rules/numpy_patches.py": "numpy_patches foreign_code reports edges rules surface",
    "dualnum/rules/sparse/": "reports scipy_sparse guests",
    "dualnum/rules/implicit_functions.py": "rule rules scipy_roots",
    "dualnum/rules/_": "edges rules operands taylor_levels linalg scipy_special arrays surface bit_identity",
    "dualnum/rules/": "edges rules reports operands arrays surface safety kinks bit_identity",
    "dualnum/reverse/": "reverse reverse_second sparse",
    "dualnum/lifting/nets.py": "nets lifting_attacks lifting_special",
    "dualnum/lifting/": "lifting lifting_arguments lifting_caches lifting_calls lifting_classes lifting_special",
    "dualnum/drivers/": "drivers driver_objects batched taylor tensors sparse reverse complex_drivers nets",
    "ext/reverse/|ext/cython/(tape|recorded|pull_back|second_sweep)": "reverse reverse_second sparse kernels edges",
    "ext/cython/lifting": "lifting lifting_math lifting_calls lifting_special lifting_arrays edges",
    "ext/cython/complex": "complex complex_drivers edges",
    "ext/cython/(driver|seeding|grades|levels)": "drivers driver_objects batched dtype arrays complex_drivers edges",
    "ext/cython/": "edges arrays scalar dtype operands reports kernels drivers complex",
    "ext/math/|ext/loops/matmul": "edges kernels matrix_products algebra table taylor_table kinks products_reductions",
    "ext/": "edges kernels reports arrays algebra dtype scalar kinks table bit_identity taylor_levels",
}


def tests_of(path):
    return next(names for pattern, names in TESTS.items() if re.search(pattern, path)).split()


class Journal:
    """The verdicts on mutants, killed by a test or None, and the reached lines, kept in a file if there is one."""

    def __init__(self, path):
        self.path = path
        text = path.read_text() if path and path.exists() else ""
        self.records = dict(json.loads(line) for line in text.splitlines())
        self.judged = set()  # in this run

    def keep(self, key, record):
        self.records[key] = record
        self.judged.add(key)
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps([key, record]) + "\n")


class Session:
    """A pytest plugin that, in the place of the collected tests, runs those of each mutant in a fork."""

    def __init__(self, mutants, journal, most, switches=None):
        self.mutants, self.journal, self.most, self.switches = mutants, journal, most, switches

    def pytest_runtestloop(self, session):
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        items = {item.nodeid: item for item in session.items}
        at_import = [] if self.switches is None else names_reached(self.switches)
        # before any test: SciPy's rules are imported when they are first used, and then no test reaches factories
        for path in {mutant.path for mutant in self.mutants if self.switches is None}:
            importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        by_file = collections.defaultdict(list)
        for test, item in items.items():
            if self.switches is not None or f"test {test}" not in self.journal.records:
                by_file[item.path].append(item)
        places_met = lines_met if self.switches is None else functools.partial(switches_met, self.switches)
        records = dict(self.journal.records)
        for path, some in by_file.items():
            print(f"what {path.name} reaches", file=sys.stderr, flush=True)
            result = forked(functools.partial(reached, some, places_met), 3600).get("result")
            if result is None:
                sys.exit(f"{path.name} ends the process without a mutant")
            for test, found in result.items():
                records[f"test {test}"] = found
                if self.switches is None:
                    self.journal.keep(f"test {test}", found)
        at = collections.defaultdict(list)
        for test in items:
            passed, seconds, places = records[f"test {test}"]
            for place in places if passed else ():  # a test that fails without a change tells nothing
                at[place].append((seconds, test))
        if self.switches is not None:
            for mutant in self.mutants:
                if mutant.name in at or mutant.name not in at_import:  # which no fork runs again
                    self.journal.keep(mutant.name, self.judge_switched(mutant, at[mutant.name], items))
            return True
        functions, caches = collections.defaultdict(list), []
        for f in gc.get_objects():
            if type(f) is types.FunctionType:
                functions[f.__code__].append(f)
            elif isinstance(f, functools._lru_cache_wrapper) and f.__module__.startswith("dualnum."):
                caches.append(f)
        for mutant in self.mutants:
            verdict = self.judge(mutant, at, functions, caches, items)
            if verdict != "at import":  # which no fork runs again
                self.journal.keep(mutant.name, verdict)
        return True

    def judge_switched(self, mutant, tests, items):
        """Return the test that fails with a native mutant, None for a survivor."""
        chosen = quick_first(tests)[: self.most]
        if not chosen:
            print(f"no test reaches {mutant.name}", file=sys.stderr, flush=True)
            return None

        def run():
            core().switch_to_mutant(self.switches[mutant.name])
            return first_failure([items[test] for _, test in chosen])

        return forked(run, limit(chosen)).get("result", "no end")

    def judge(self, mutant, at, functions, caches, items):
        """Return the test that fails, None for a survivor, or "at import" where no fork runs the code again."""
        path = str(ROOT / mutant.path)
        try:
            pairs = list(
                code_pairs(compile((ROOT / mutant.path).read_text(), path, "exec"), mutant.code(path))
            )
        except (SyntaxError, ValueError):
            return "invalid"
        live, tests = [(f, new) for old, new in pairs for f in functions.get(old, ())], []
        for lines in ((mutant.first, mutant.last), mutant.statement):
            tests = tests or [x for n in range(lines[0], lines[1] + 1) for x in at[f"{mutant.path}:{n}"]]
        chosen = quick_first(set(tests))[: self.most]
        if not live or not chosen:
            return "at import"

        def run():
            for cache in caches:
                cache.cache_clear()
            for f, new in live:
                f.__code__ = new
            return first_failure([items[test] for _, test in chosen])

        return forked(run, limit(chosen)).get("result", "no end")


def limit(tests):
    """Return the CPU seconds after which (seconds, test) count as without an end."""
    return 20 + 4 * sum(seconds for seconds, _ in tests)


def core():
    return sys.modules["dualnum._core"]


def code_pairs(old, new):
    """Yield the pairs of functions' code that differ; ValueError where their nesting does."""
    nested = [[c for c in code.co_consts if isinstance(c, types.CodeType)] for code in (old, new)]
    if old != new:
        yield old, new
        for pair in zip(*nested, strict=True):
            yield from code_pairs(*pair)


def quick_first(tests):
    """Return (seconds, test) in the order to run: one of each function, then the others, each time the quick first."""
    seen, first, others = set(), [], []
    for seconds, test in sorted(tests):
        function = test.partition("[")[0]
        (others if function in seen else first).append((seconds, test))
        seen.add(function)
    return first + others


def first_failure(items):
    for item, following in zip(items, [*items[1:], None], strict=True):
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            return item.nodeid
    return None


def reached(items, places_met):
    """Return {test: (whether it passes, CPU seconds, places of the sources that it reaches)}."""
    result = {}
    for item, following in zip(items, [*items[1:], None], strict=True):
        begin = time.process_time()
        with places_met() as places:
            reports = runtestprotocol(item, log=False, nextitem=following)
        result[item.nodeid] = not any(r.failed for r in reports), time.process_time() - begin, sorted(places)
    return result


@contextlib.contextmanager
def lines_met():
    """Collect the lines of dualnum's Python files that run, as path:line."""
    folder, lines, places = str(ROOT / "dualnum") + os.sep, set(), []

    def within(frame, event, argument):
        lines.add((frame.f_code.co_filename, frame.f_lineno))
        return within

    def trace(frame, event, argument):
        return within(frame, event, argument) if frame.f_code.co_filename.startswith(folder) else None

    sys.settrace(trace)
    threading.settrace(trace)
    try:
        yield places
    finally:
        sys.settrace(None)
        threading.settrace(None)
    places += (f"{pathlib.Path(path).relative_to(ROOT).as_posix()}:{line}" for path, line in lines)


@contextlib.contextmanager
def switches_met(switches):
    """Collect the names of the native mutants whose place is reached."""
    names_reached(switches)
    places = []
    yield places
    places += names_reached(switches)


def names_reached(switches):
    """Return the names of the native mutants whose place was reached since the last call."""
    names = {number: name for name, number in switches.items()}
    return [names[number] for number in core().mutants_reached() if number in names]


def forked(function, cpu_seconds):
    """Return {"result": function()} from a fork of the process; {} where it ends without one."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        with os.fdopen(read) as file:
            text = file.read()
        os.waitpid(child, 0)
        return json.loads(text) if text else {}
    try:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds) + 1,) * 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        with os.fdopen(write, "w") as file:
            json.dump({"result": function()}, file)
    except BaseException as error:  # a mutant may break pytest itself: that is noticed, too
        os.write(write, json.dumps({"result": f"{type(error).__name__}"}).encode())
    finally:
        os._exit(0)


def run(command, where):
    """Return whether a command ends without an error in time."""
    environment = {**os.environ, "PYTHONPATH": str(where), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return not subprocess.run(
            command, cwd=where, env=environment, capture_output=True, timeout=TIMEOUT
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def judge_copy(where, mutant, native):
    """Return what notices the mutant in a copy of the checkout: "build", a file of tests, or None."""
    target = where / mutant.path
    original = target.read_text()
    target.write_text(mutant.text())
    try:
        if native and not run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], where):
            return "build"
        return next(
            (n for n in tests_of(mutant.path) if not run([*PYTEST, f"tests/test_{n}.py"], where)), None
        )
    finally:
        target.write_text(original)


def copied(where):
    return shutil.copytree(ROOT, where, ignore=shutil.ignore_patterns(".git"))


def judge_copies(mutants, journal, native, where):
    for name in sorted({name for mutant in mutants for name in tests_of(mutant.path)}):
        if f"file {name}" not in journal.records:
            if not run([*PYTEST, f"tests/test_{name}.py"], where):
                sys.exit(f"tests/test_{name}.py fails or takes longer than {TIMEOUT} s without a change")
            journal.keep(f"file {name}", True)
    for mutant in mutants:
        journal.keep(mutant.name, judge_copy(where, mutant, native))


def report(mutants, journal):
    """Print the survivors, and for each file how many mutants were killed."""
    known = {line.rpartition(" | ")[0] for line in EQUIVALENT.read_text().splitlines()}
    table = collections.defaultdict(collections.Counter)
    for mutant in mutants:
        if mutant.name in journal.records:
            killer = journal.records[mutant.name]
            equivalent = killer is None and mutant.name in known
            table[mutant.path]["equivalent" if equivalent else "survive" if killer is None else "killed"] += 1
            if killer is None and not equivalent:
                print(f"{mutant.path}:{mutant.first}: {mutant.before}  ->  {mutant.after}")
    for path, counts in sorted(table.items()):
        print(f"{path:50}", *(f"{counts[word]:4} {word}" for word in ("killed", "equivalent", "survive")))
    total = sum(table.values(), collections.Counter())
    print(
        f"{total['survive']} of {total.total()} mutants survive, {total['equivalent']} are known to be equivalent"
    )
    return total["survive"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["python", "ext"])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a regular expression that the paths match")
    parser.add_argument(
        "--again", action="store_true", help="judge the survivors of the journal, with new tests"
    )
    parser.add_argument("--most", type=int, default=1000, help="tests of one mutant")
    parser.add_argument(
        "-k", default="", help="the tests to use, as for pytest, without those that take long"
    )
    parser.add_argument(
        "--quick", action="store_true", help="leave out what needs a copy or a build for each mutant"
    )
    parser.add_argument("--journal", type=pathlib.Path, help="a file that keeps verdicts for the next run")
    options = parser.parse_args()
    native = options.what == "ext"
    folder, suffixes = ("ext", {".h", ".cpp", ".pxi"}) if native else ("dualnum", {".py"})
    paths = sorted(p.relative_to(ROOT) for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)
    paths = [p.as_posix() for p in paths if re.search(options.only, p.as_posix())]
    of_source = native_mutants if native else python_mutants
    every = [mutant for path in paths for mutant in of_source(path, (ROOT / path).read_text())]
    journal = Journal(options.journal)
    if options.again:
        chosen = [m for m in every if journal.records.get(m.name, "") is None]
        left = chosen
    else:
        chosen = random.Random(options.seed).sample(every, min(options.count, len(every)))
        left = [m for m in chosen if m.name not in journal.records]
    files = dict.fromkeys(f"tests/test_{name}.py" for mutant in left for name in tests_of(mutant.path))
    with tempfile.TemporaryDirectory() as temporary:
        root, switches = ROOT, None
        if native and left:
            root = copied(pathlib.Path(temporary) / "switched")
            switches = {m.name: n for n, m in switched.build(root, left).items()}
        session = Session(
            [m for m in left if switches is None or m.name in switches], journal, options.most, switches
        )
        if session.mutants:
            os.chdir(root)
            sys.path.insert(0, str(root))
            flags = ["-q", "-s", "-p", "no:cacheprovider", "-o", "addopts=", "-k", options.k]
            pytest.main([*flags, *files], plugins=[session])
        left = [m for m in left if m.name not in journal.judged]
        if left and not options.quick:
            judge_copies(left, journal, native, copied(pathlib.Path(temporary) / "copy"))
    print(f"{len(every)} mutants in {len(paths)} files")
    sys.exit(report(chosen, journal) > 0)


if __name__ == "__main__":
    main()
