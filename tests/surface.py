"""NumPy's public names and dualnum's decision on each: reads surface.txt, the one list of calls."""

import pathlib
import re

import numpy as np

FAMILIES = {
    "polynomial": ("poly", "Polynomial"),
    "chebyshev": ("cheb", "Chebyshev"),
    "legendre": ("leg", "Legendre"),
    "laguerre": ("lag", "Laguerre"),
    "hermite": ("herm", "Hermite"),
    "hermite_e": ("herme", "HermiteE"),
}
"""Module of numpy.polynomial -> prefix of its functions, its class."""

MODULES = {"": np, "linalg.": np.linalg, "fft.": np.fft, "polynomial.": np.polynomial}


def sections():
    """Return a dict of title -> text of the sections of the list."""
    text = pathlib.Path(__file__).with_name("surface.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        if line.startswith("["):
            title = line.strip("[]")
        else:
            found[title] = found.get(title, "") + line + "\n"
    return found


SECTIONS = sections()


def parse(text):
    """Return a dict of name -> the text behind the colon, with continued lines joined."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def decisions():
    """Return a dict of name -> (decision, calls or reason)."""
    pairs = []
    for title in ("differentiable", "moves elements", "value-only", "refused", "not for floats"):
        for names, calls in parse(SECTIONS[title]).items():
            pairs += [(name, (title, calls.replace("{0}", name))) for name in names.split(" ")]
    for title in ("no array", "memory"):
        pairs += [(name, (title, "")) for name in SECTIONS[title].split()]
    for module in FAMILIES:
        pairs += list(_of_family(module).items())
    twice = {name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1}
    assert not twice, f"decided twice: {twice}"
    return dict(pairs)


def _of_family(module):
    """Return the decisions on the functions and the class of one of numpy.polynomial's modules."""
    prefix, cls = FAMILIES[module]
    owner, found = getattr(np.polynomial, module), {}
    for name, calls in parse(SECTIONS["families"]).items():
        full = cls if name == "G" else name.format(prefix)
        calls = calls.replace("F.", f"np.polynomial.{module}.").replace(".G", f".{cls}").format(prefix)
        if hasattr(owner, full):
            label = f"polynomial.{full}" if name == "G" else f"polynomial.{module}.{full}"
            found[label] = ("differentiable", "@" + calls.replace(" ; ", " ; @"))
    found[f"polynomial.{module}.{cls}"] = ("differentiable", "")
    for name in SECTIONS["constants of families"].split():
        if hasattr(owner, name.format(prefix)):
            found[f"polynomial.{module}.{name.format(prefix)}"] = ("no array", "")
    return found


ALL = decisions()


def cases(*labels):
    """Return (name, call) of every call of these decisions; a call behind @ needs a DualArray."""
    chosen = [(name, calls.split(" ; ")) for name, (label, calls) in ALL.items() if label in labels]
    return [(name, call.strip()) for name, calls in chosen for call in calls if call]


def exists(call):
    """Return whether this NumPy has all that a call names."""
    for path in re.findall(r"\bnp((?:\.[a-zA-Z_]\w*)+)", call):
        thing = np
        for name in path[1:].split("."):
            if thing is not np and not isinstance(thing, type(np)):
                break
            if not hasattr(thing, name):
                return False
            thing = getattr(thing, name)
    return True


def every_call():
    """Return all calls that this NumPy has, those of no name too, without @ and each once."""
    found = [call for _, call in cases("differentiable", "moves elements", "value-only", "not for floats")]
    found += [call for _, call, _, _ in refusals().values()]
    found += SECTIONS["more calls"].strip().replace("\n    ", " ").split(" ; ")
    return [call for call in dict.fromkeys(call.lstrip("@") for call in found) if exists(call)]


def complex_calls():
    """Return the calls of complex duals; one behind @ needs a DualArray."""
    return [call.strip() for call in SECTIONS["complex"].replace("\n    ;", " ;").split(" ; ")]


def arguments():
    """Return the arguments of the calls, those that move and constants, and a generator that draws directions."""
    draw = np.random.default_rng(42)

    def spread(low, high, n):
        return draw.permutation(np.linspace(low, high, n))

    moving = {
        "x": spread(0.36, 1.91, 6),
        "y": spread(0.41, 1.7, 6),
        "a": spread(0.2, 1.6, 16).reshape(4, 4) + np.diag([2.0, 2.5, 3.1, 3.6]),
        "b": spread(0.3, 1.9, 16).reshape(4, 4) + np.diag([3.0, 2.2, 2.7, 2.0]),
        "c": spread(0.4, 2.1, 24).reshape(2, 3, 4),
        "p": np.array([1.1, -1.3, -1.2, 0.8]),
        "s": np.array(1.3),
    }
    still = {
        "v": spread(0.55, 1.65, 6),
        "w": draw.uniform(0.5, 2, 6),
        "m": spread(0.2, 1.8, 16).reshape(4, 4) + 2 * np.eye(4),
    }
    return moving, still, draw


def refusals():
    """Return a dict of name -> (whether a DualArray is needed, call, why, a pattern of the error)."""
    found = {}
    for name, (title, entry) in ALL.items():
        if title == "refused":
            call, _, rest = entry.partition(" -> ")
            why, _, pattern = rest.partition(" ~ ")
            found[name] = (call.startswith("@"), call.lstrip("@"), why, pattern)
    return found


def public_names():
    """Return a dict of every public name of this NumPy -> its object."""
    found = {}
    for prefix, module in MODULES.items():
        found |= {prefix + n: getattr(module, n) for n in module.__all__ if n[0] != "_" or n[:2] == "__"}
    for module in FAMILIES:
        owner = getattr(np.polynomial, module)
        found |= {f"polynomial.{module}.{name}": getattr(owner, name) for name in owner.__all__}
    return found | {
        f"ndarray.{name}": getattr(np.ndarray, name) for name in dir(np.ndarray) if name[0] != "_"
    }


def decision(name, thing):
    """Return (decision, calls) of a public name, by its own line or by that of the same object; None without one."""
    if name in ALL:
        return ALL[name]
    if isinstance(thing, type) and issubclass(thing, np.generic):
        return "no array", ""
    prefix = name[: -len(name.rsplit(".", 1)[-1])]
    module = MODULES.get(prefix)
    same = [
        n for n in ALL if n.startswith(prefix) and module and getattr(module, n[len(prefix) :], None) is thing
    ]
    if not same and isinstance(thing, np.ufunc):
        same = [thing.__name__]
    if not same and getattr(thing, "__name__", "") in ALL and prefix == "":
        same = [thing.__name__]
    return ALL.get(same[0]) if same else None


def counts():
    """Return a dict of decision -> number of public names of this NumPy, without numpy.polynomial's six modules."""
    found = {}
    for name, thing in public_names().items():
        if name.count(".") < 2:
            label = (decision(name, thing) or ("undecided", ""))[0]
            label = "not applicable" if label in ("no array", "not for floats", "memory") else label
            found[label] = found.get(label, 0) + 1
    return found
