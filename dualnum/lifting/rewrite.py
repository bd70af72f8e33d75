"""Rewrite call sites: ``g(a)`` becomes ``L.resolve(g)(a)``, in which `L`, a constant of the code, may replace g.

Calls stay in their own frames, so that ``super()``, ``locals()``, recursion and tracebacks are as before, and no name
is added to any namespace.  There are two grades:

lean
    calls, and assignments to elements, ``a[k] = v``;
full
    attributes, operators, truth, element access, iteration, unpacking and ``with`` as well, so that properties and
    special methods that are written in Python are lifted too, and in-place operations may replace an array of floats.
"""

import ast
import types

from dualnum.lifting import source

#: Stands for `L` in the tree; code.replace puts the object in its place.
MARK = "\0dualnum.lifting"

BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
}
UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}
COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}


#: Names by which code sees all its local variables, and would see those that hold an operand.
SEE_LOCALS = frozenset(("locals", "vars", "dir", "eval", "exec"))
#: Expressions that are true or false by themselves, or by a comparison.
DECIDED = ast.Compare, ast.Constant, ast.JoinedStr, ast.Lambda, ast.List, ast.Tuple, ast.Dict, ast.Set


def rewritten(statement, full):
    """Return a rewritten copy of a statement's tree."""
    holds = full and not any(
        getattr(node, "id", None) in SEE_LOCALS or getattr(node, "attr", None) == "f_locals"
        for node in ast.walk(statement)
    )
    return ast.fix_missing_locations(Rewriter(full, holds).visit(_copied(statement)))


def _copied(node):
    """Return a deep copy of a tree; recursion through `copy.deepcopy` is ten times slower."""
    if isinstance(node, ast.AST):
        names = [name for name in node._fields + node._attributes if hasattr(node, name)]
        return type(node)(**{name: _copied(getattr(node, name)) for name in names})
    return [_copied(child) for child in node] if isinstance(node, list) else node


class Rewriter(ast.NodeTransformer):
    """Rewrites the functions in a statement; class bodies and the module's own level stay as they are."""

    def __init__(self, full, holds):
        self.full = full
        self.holds = holds  # whether variables of its own may hold operands
        self.depth = 0  # of functions
        self.class_name = None
        self.captures = 0

    def call(self, node, method, *args):
        """Return the tree of ``L.method(*args)`` at the position of `node`."""
        mark = ast.copy_location(ast.Constant(MARK), node)
        function = mark
        for name in method.split("."):
            called = name.endswith("()")
            function = ast.copy_location(ast.Attribute(function, name.removesuffix("()"), ast.Load()), node)
            function = ast.copy_location(ast.Call(function, [], []), node) if called else function
        return ast.copy_location(ast.Call(function, list(args), []), node)

    def constant(self, node, value):
        return ast.copy_location(ast.Constant(value), node)

    # ---- scopes --------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._defaults(node.args)
        self.depth += 1
        node.body = [self.visit(statement) for statement in node.body]
        self.depth -= 1
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self._defaults(node.args)
        self.depth += 1
        node.body = self.visit(node.body)
        self.depth -= 1
        return node

    def _defaults(self, args):
        args.defaults = [self.visit(default) for default in args.defaults]
        args.kw_defaults = [default and self.visit(default) for default in args.kw_defaults]

    def visit_ClassDef(self, node):
        outer, self.class_name = self.class_name, node.name
        depth, self.depth = self.depth, 0  # the body of a class is not a function's
        node.body = [self.visit(statement) for statement in node.body]
        self.class_name, self.depth = outer, depth
        return node

    def visit_AnnAssign(self, node):
        node.target = self.visit(node.target)
        node.value = node.value and self.visit(node.value)
        return node

    # ---- calls ---------------------------------------------------------------------------------------------

    def visit_Call(self, node):
        function = node.func
        if isinstance(function, ast.Attribute) and self.depth:
            function.value = self.visit(function.value)  # a method, not a property
        else:
            function = self.visit(function)
        node.args = [self.visit(arg) for arg in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        if isinstance(function, ast.Attribute) and function.attr == "format":
            if isinstance(function.value, (ast.Constant, ast.JoinedStr)):
                node.args = [self._shown(arg) for arg in node.args]
                for keyword in node.keywords:
                    keyword.value = self._shown(keyword.value)
        node.func = self.call(function, "resolve", function) if self.depth else function
        return node

    def visit_FormattedValue(self, node):
        node.value = self._shown(self.visit(node.value))
        node.format_spec = node.format_spec and self.visit(node.format_spec)
        return node

    def _shown(self, node):
        """Return the tree of what f shows of a number, as in f"{x}": its value."""
        if not self.depth:
            return node
        if isinstance(node, ast.Starred):
            node.value = self._shown(node.value)
            return node
        return self.call(node, "rules.shown", node)

    # ---- truth -------------------------------------------------------------------------------------------------

    def _is_decided(self, node):
        """Return whether no special method decides the truth of an expression."""
        return isinstance(node, DECIDED) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))

    def _test(self, node):
        """Visit a condition, which decides by its truth alone."""
        if not self.full or not self.depth:
            return self.visit(node)
        if isinstance(node, ast.BoolOp):
            node.values = [self._test(value) for value in node.values]
            return node
        decided = self._is_decided(node)
        node = self.visit(node)
        return node if decided else self.call(node, "truth", node)

    def _conditional(self, node):
        for name, field in ast.iter_fields(node):
            if name == "test":
                node.test = self._test(field)
            elif isinstance(field, list):
                setattr(node, name, [self.visit(child) for child in field])
            elif isinstance(field, ast.AST):
                setattr(node, name, self.visit(field))
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = _conditional

    def visit_BoolOp(self, node):
        """``a and b`` becomes ``b if truth(held := a) else held``."""
        decided = list(map(self._is_decided, node.values))
        self.generic_visit(node)
        if not self.full or not self.depth or not self.holds or all(decided[:-1]):
            return node
        made = node.values[-1]
        for value, known in zip(node.values[-2::-1], decided[-2::-1], strict=True):
            if known:
                made = ast.BoolOp(node.op, [value, made])
            else:
                store, load = self._held(value)
                branches = (made, load) if isinstance(node.op, ast.And) else (load, made)
                made = ast.IfExp(self.call(value, "truth", store), *branches)
            ast.copy_location(made, node)
        return made

    def _held(self, node):
        """Return the trees that store an operand in a variable of its own, and that load it from there."""
        self.captures += 1
        name = f".{self.captures}"
        store = ast.copy_location(ast.Name(name, ast.Store()), node)
        load = ast.copy_location(ast.Name(name, ast.Load()), node)
        return ast.copy_location(ast.NamedExpr(store, node), node), load

    # ---- dicts and sets with duals as keys ---------------------------------------------------------------------

    def visit_Dict(self, node):
        self.generic_visit(node)
        if not self.full or not self.depth:
            return node
        if None in node.keys or all(isinstance(key, ast.Constant) for key in node.keys):
            return self.call(node, "rules.keys().own", node)
        pairs = [
            ast.copy_location(ast.Tuple(list(pair), ast.Load()), node)
            for pair in zip(node.keys, node.values, strict=True)
        ]
        return self.call(node, "rules.keys().dict_of", ast.copy_location(ast.Tuple(pairs, ast.Load()), node))

    def visit_Set(self, node):
        self.generic_visit(node)
        if not self.full or not self.depth:
            return node
        return self.call(
            node, "rules.keys().set_of", ast.copy_location(ast.Tuple(node.elts, ast.Load()), node)
        )

    def visit_DictComp(self, node):
        self.generic_visit(node)
        if not self.full or not self.depth:
            return node
        pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
        pairs = ast.copy_location(ast.ListComp(pair, node.generators), node)
        return self.call(node, "rules.keys().dict_of", pairs)

    def visit_SetComp(self, node):
        self.generic_visit(node)
        if not self.full or not self.depth:
            return node
        items = ast.copy_location(ast.ListComp(node.elt, node.generators), node)
        return self.call(node, "rules.keys().set_of", items)

    # ---- elements ------------------------------------------------------------------------------------------

    def visit_Subscript(self, node):
        stores = isinstance(node.ctx, ast.Store)
        if not self.depth or not (stores or (self.full and isinstance(node.ctx, ast.Load))):
            return self.generic_visit(node)
        value, key = self.visit(node.value), self._key(node.slice)
        if not stores:
            return self.call(node, "getitem", value, key)
        place = self.call(node, "place", value, key)
        return ast.copy_location(ast.Attribute(place, "item", ast.Store()), node)

    def _key(self, node):
        """Return a key as an expression outside of brackets, where ``a:b`` is no syntax."""
        if isinstance(node, ast.Slice):
            parts = [
                self.constant(node, None) if part is None else self.visit(part)
                for part in (node.lower, node.upper, node.step)
            ]
            return self.call(node, "slice", *parts)
        if isinstance(node, ast.Tuple):
            return ast.copy_location(ast.Tuple([self._key(item) for item in node.elts], ast.Load()), node)
        return self.visit(node)

    def visit_AugAssign(self, node):
        if not self.depth:
            return self.generic_visit(node)
        operator = "i" + BINARY[type(node.op)] if type(node.op) in BINARY else None
        target = node.target
        if operator is None:
            return self.generic_visit(node)
        if isinstance(target, ast.Subscript):
            place = self.call(node, "place_read", self.visit(target.value), self._key(target.slice))
        elif not self.full:
            return self.generic_visit(node)
        elif isinstance(target, ast.Attribute):
            name = self.constant(node, self._mangled(target.attr))
            place = self.call(node, "attribute_read", self.visit(target.value), name)
        else:
            read = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            update = self.call(node, "inplace", self.constant(node, operator), read, self.visit(node.value))
            return ast.copy_location(ast.Assign([target], update), node)
        method = ast.copy_location(ast.Attribute(place, "update", ast.Load()), node)
        args = [self.constant(node, operator), self.visit(node.value)]
        return ast.copy_location(ast.Expr(ast.copy_location(ast.Call(method, args, []), node)), node)

    # ---- the full grade ------------------------------------------------------------------------------------

    def _mangled(self, name):
        """Return an attribute's name as the compiler spells it within a class."""
        stripped = (self.class_name or "").lstrip("_")
        private = name.startswith("__") and not name.endswith("__") and "." not in name
        return f"_{stripped}{name}" if private and stripped else name

    def visit_Attribute(self, node):
        node.value = self.visit(node.value)
        if not self.full or not self.depth or isinstance(node.ctx, ast.Del):
            return node
        name = self.constant(node, self._mangled(node.attr))
        if isinstance(node.ctx, ast.Load):
            return self.call(node, "attribute", node.value, name)
        place = self.call(node, "attribute_place", node.value, name)
        return ast.copy_location(ast.Attribute(place, "item", ast.Store()), node)

    def visit_BinOp(self, node):
        self.generic_visit(node)
        text = isinstance(node.op, ast.Mod) and isinstance(
            node.left, (ast.Constant, ast.JoinedStr)
        )  # "%g" % x
        if (self.full or text) and self.depth and type(node.op) in BINARY:
            return self.call(
                node, "binary", self.constant(node, BINARY[type(node.op)]), node.left, node.right
            )
        return node

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            node.operand = self._test(node.operand)
            return node
        self.generic_visit(node)
        constant = isinstance(node.operand, ast.Constant)
        if self.full and self.depth and type(node.op) in UNARY and not constant:
            return self.call(node, "unary", self.constant(node, UNARY[type(node.op)]), node.operand)
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        if self.full and self.depth and len(node.ops) == 1 and type(node.ops[0]) in COMPARE:
            name = self.constant(node, COMPARE[type(node.ops[0])])
            return self.call(node, "binary", name, node.left, node.comparators[0])
        if self.full and self.depth and len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            name = "contains" if isinstance(node.ops[0], ast.In) else "excludes"
            return self.call(node, f"rules.keys().{name}", node.left, node.comparators[0])
        if self.full and self.depth and self.holds and all(type(op) in COMPARE for op in node.ops):
            return self._chain(node)
        return node

    def _chain(self, node):
        """``a < b < c`` becomes ``a < (held := b) and held < c``, each comparison a call."""
        left, pairs = node.left, []
        for i, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            held = right
            if i + 1 < len(node.ops) and not isinstance(right, (ast.Name, ast.Constant)):
                right, held = self._held(right)
            pairs.append(self.call(node, "binary", self.constant(node, COMPARE[type(op)]), left, right))
            left = held
        return ast.copy_location(ast.BoolOp(ast.And(), pairs), node)

    def _iterated(self, node):
        """Return the tree of what a loop, or an unpacking, goes through."""
        if not self.full or not self.depth or isinstance(node, (ast.Tuple, ast.List, ast.Constant)):
            return node
        return self.call(node, "iterate", node)

    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = self._iterated(node.iter)
        return node

    def visit_comprehension(self, node):
        holds, self.holds = self.holds, False  # Python allows no := in what a comprehension iterates over
        node.iter = self.visit(node.iter)
        self.holds = holds
        node.target = self.visit(node.target)
        node.ifs = [self._test(test) for test in node.ifs]
        if not node.is_async:
            node.iter = self._iterated(node.iter)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if len(node.targets) == 1:
            node.value = self._unpacked(node.targets[0], node.value)
        return node

    def _unpacked(self, target, value):
        """Return the tree of a value that is assigned to a target, which may take it apart."""
        if not isinstance(target, (ast.Tuple, ast.List)):
            return value
        if isinstance(value, (ast.Tuple, ast.List)) and len(target.elts) == len(value.elts):
            value.elts = list(map(self._unpacked, target.elts, value.elts))
        return self._iterated(value)

    def visit_Starred(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = self._iterated(node.value)
        return node

    def visit_YieldFrom(self, node):
        self.generic_visit(node)
        node.value = self._iterated(node.value)
        return node

    def visit_With(self, node):
        self.generic_visit(node)
        if self.full and self.depth:
            for item in node.items:
                item.context_expr = self.call(item.context_expr, "context", item.context_expr)
        return node

    # ---- patterns: ``case float():`` becomes a capture with a guard --------------------------------------------

    def visit_Match(self, node):
        if self.depth:
            for case in node.cases:
                self.tests = []
                case.pattern = self._pattern(case.pattern)
                tests = self.tests
                case.guard = case.guard and self.visit(case.guard)
                if tests:
                    tests += [case.guard] if case.guard else []
                    case.guard = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
                    ast.copy_location(case.guard, case.pattern)
                case.body = [self.visit(statement) for statement in case.body]
            node.subject = self.visit(node.subject)
            return node
        return self.generic_visit(node)

    def _pattern(self, node):
        """Return a pattern with ``float()``, ``float(v)`` and ``int() | float()`` as captures; note their tests."""
        if isinstance(node, ast.MatchOr):
            kinds = [_type_pattern(option) for option in node.patterns]
            if all(kind and kind[1] is None for kind in kinds):
                return self._tested(node, [kind[0] for kind in kinds], None)
            return node
        kind = _type_pattern(node)
        if kind:
            return self._tested(node, [kind[0]], kind[1])
        if isinstance(node, ast.MatchAs) and node.pattern is not None:
            kind = _type_pattern(node.pattern)
            if kind and kind[1] is None:
                return self._tested(node, [kind[0]], node.name)
            node.pattern = self._pattern(node.pattern)
        for name in ("patterns", "kwd_patterns"):
            if isinstance(getattr(node, name, None), list):
                setattr(node, name, [self._pattern(child) for child in getattr(node, name)])
        return node

    def _tested(self, node, types, name):
        if name is None:
            self.captures += 1
            name = f".{self.captures}"
        captured = ast.copy_location(ast.Name(name, ast.Load()), node)
        kinds = ast.copy_location(ast.Tuple(types, ast.Load()), node)
        self.tests.append(self.call(node, "is_instance", captured, kinds))
        return ast.copy_location(ast.MatchAs(None, name), node)


def _type_pattern(pattern):
    """Return (class, captured name or None) for ``T()`` and ``T(v)`` of a class whose one position is itself."""
    if not isinstance(pattern, ast.MatchClass) or pattern.kwd_patterns or len(pattern.patterns) > 1:
        return None
    if not isinstance(pattern.cls, ast.Name) or pattern.cls.id not in ("float", "int", "complex", "bool"):
        return None
    if not pattern.patterns:
        return pattern.cls, None
    if pattern.cls.id == "complex":  # which has no position
        return None
    inner = pattern.patterns[0]
    return (
        (pattern.cls, inner.name)
        if isinstance(inner, ast.MatchAs) and inner.pattern is None and inner.name
        else None
    )


# ---- code objects --------------------------------------------------------------------------------------------


def with_lifter(code, lifter):
    """Return a code object in which the mark, there and in all nested code, is the lifter."""
    consts = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            constant = with_lifter(constant, lifter)
        elif type(constant) is str and constant == MARK:
            constant = lifter
        consts.append(constant)
    return code.replace(co_consts=tuple(consts))


def lifted_code(code, module_globals, lifter):
    """Return the rewritten code of a running function, or None if its source is not known for certain."""
    found = source.find(code, module_globals)
    if found is None:
        return None
    statement, imports, flags, path = found
    per_lifter = statement.__dict__.setdefault("_lifted", {})
    made = per_lifter.get((lifter, flags))
    if made is None:
        tree = rewritten(statement, lifter.full)
        module = source.compiled(tree, imports, code.co_filename, flags)
        made = per_lifter[lifter, flags] = with_lifter(module, lifter)
    return source.at_path(made, path)
