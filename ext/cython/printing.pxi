# The repr and format of scalars.

cdef str _part_text(object part, object write):
    """A part of a scalar as a number or as nested lists, written by `write`; of many numbers the ends."""
    if part.size == 1:
        return write(part.ravel()[0].item())
    if part.size <= 20:
        text = np.array2string(part, separator=", ", max_line_width=np.inf, threshold=20,
                               formatter={"float": lambda x: write(x.item())})
    else:
        text = np.array2string(part, separator=", ", threshold=20, max_line_width=np.inf,
                               floatmode="unique" if write is repr else None)
    return text.replace("\n", "")


def dual_text(Dual d not None, write=repr):
    """Return the repr of a scalar, with numbers written by `write`."""
    cdef int levels = _layout(d).levels
    if levels == 0:
        return f"Dual({write(_value(d))}, [])"
    found = _parts(d)
    if levels == 1 and _layout(d).kind[0] == Kind.first_order:
        return f"Dual({write(_value(d))}, {_part_text(found['e1'], write)})"
    if _layout(d).is_hyper():
        tangents = ", ".join([_part_text(found[name], write) for name in ("e1", "e2", "e12")])
        return f"HyperDual({write(_value(d))}, {tangents})"
    return f"<Dual {_dual_format(d, '')} of {_dtype_text(d.dtype)}>"


def number_writer(precision=8, suppress=False, sign="-"):
    """Return a function that writes a float by these print options of NumPy's."""
    def write(x):
        if suppress or 1e-4 <= abs(x) < 1e8 or x == 0 or not np.isfinite(x):
            return np.format_float_positional(x, precision, trim="0", sign=sign == "+")
        return np.format_float_scientific(x, precision, trim="0", sign=sign == "+")
    return write


cdef str _dual_format(Dual d, str spec):
    """Return (value; tangents), with the name of each part if there are more than two."""
    if spec:
        def write(x):
            return format(x, spec)
    else:
        options = np.get_printoptions()
        write = number_writer(options["precision"], options["suppress"], options["sign"])
    texts = []
    found = _parts(d)
    for name, part in found.items():
        numbers = [write(x) for x in np.asarray(part).ravel().tolist()]
        if len(numbers) > 8 and not spec:
            numbers = numbers[:3] + ["..."] + numbers[-3:]
        label = f"{name} " if name != "value" and len(found) > 2 else ""
        texts.append(label + " ".join(numbers))
    return "(" + "; ".join(texts) + ")"
