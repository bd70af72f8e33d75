"""A child process that calls everything in surface.txt with wrong arguments: each returns or raises, and none crashes.

    python wrong_arguments.py KIND FIRST STOP

prints the number of each call before it is made, so that a crash leaves the culprit in the last line.
"""

import ast
import io
import sys
import warnings

import numpy as np
import surface

from dualnum import _core

# Replacements of an argument: text, nothing, the wrong size, sign or shape, another level, complex, dates.
WRONG = """None ; 'text' ; -99 ; 99 ; object() ; [] ; 1j ; nan ; a[:0] ; a[None] ; c ; other ; x.astype(object)
    ; (x, x) ; [[s], [s, s]] ; np.array('2020', 'M8[D]') ; np.zeros((0, 0)) ; x.astype(bool)"""


class Replace(ast.NodeTransformer):
    """Put an expression in the place of argument number `index` of the call's outermost functions."""

    def __init__(self, index, wrong):
        self.index, self.wrong, self.count = index, wrong, 0

    def visit_Call(self, node):
        for holder in (node.args, list(node.keywords)):
            for i, argument in enumerate(holder):
                if self.count == self.index:
                    if isinstance(argument, ast.keyword):
                        argument.value = self.wrong
                    else:
                        holder[i] = self.wrong
                    self.count += 1
                    return node
                self.count += 1
        self.generic_visit(node)
        return node


def calls():
    """Return every call of the list, each argument replaced by one wrong thing in turn: text and code objects."""
    found = []
    wrong = [w.strip() for w in WRONG.replace("\n", " ").split(" ; ")]
    for call in surface.every_call():
        probe = Replace(-1, None)
        probe.visit(ast.parse(call, mode="eval"))
        for index in range(probe.count):
            for k in range(3):  # three of the wrong things, others at the next argument
                w = wrong[(7 * len(found) + k) % len(wrong)]
                tree = Replace(index, ast.parse(w, mode="eval").body).visit(ast.parse(call, mode="eval"))
                found.append(ast.unparse(ast.fix_missing_locations(tree)))
    return found


def names(subok):
    moving, still, draw = surface.arguments()
    level = _core.Level()
    found = {"np": np, "nan": np.nan, "sink": io.BytesIO, **still}
    for name, x in moving.items():
        tangents = draw.uniform(-1, 1, (*x.shape, 2))
        found[name] = _core.seed_tangents(x, level, tangents, subok=subok)
    found["s"] = found["s"][()]
    tangents = draw.uniform(-1, 1, (6, 1))
    found["other"] = _core.seed_tangents(draw.uniform(1, 2, 6), _core.Level(), tangents, subok=subok)
    return found


def main(kind, first, stop):
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    for number, code in list(enumerate(calls()))[first:stop]:
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        try:
            eval(code, names(kind == "DualArray"))
        except SystemError as error:
            sys.stdout.write(f"SystemError {code}: {error}\n")
        except Exception:  # any exception will do, and so will any result
            continue
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
