# The repr and format of scalars.

cdef str _part_repr(object part):
    """A part of a scalar as a float or as nested lists of floats; of many floats the first and the last ones."""
    if part.size == 1:
        return repr(part.ravel()[0].item())
    if part.size <= 20:
        return repr(part.tolist())
    text = np.array2string(part, separator=", ", threshold=20, max_line_width=np.inf, floatmode="unique")
    return text.replace("\n", "")


cdef str _dual_repr(Dual d):
    cdef int levels = _layout(d).levels
    if levels == 0:
        return f"Dual({d.primal!r}, [])"
    found = parts(d)
    if levels == 1 and _layout(d).kind[0] == Kind.first_order:
        return f"Dual({d.primal!r}, {_part_repr(found['e1'])})"
    if _layout(d).is_hyper():
        tangents = ", ".join([_part_repr(found[name]) for name in ("e1", "e2", "e12")])
        return f"HyperDual({d.primal!r}, {tangents})"
    return f"<Dual {_dual_format(d, '')} of {_dtype_text(d.dtype)}>"


cdef str _dual_format(Dual d, str spec):
    """Return (value; tangents), with the name of each part if there are several levels."""
    if not spec:
        precision = np.get_printoptions()["precision"]

        def write(x):
            if 1e-4 <= abs(x) < 1e8 or x == 0:
                return np.format_float_positional(x, precision, trim="0")
            return np.format_float_scientific(x, precision, trim="0") if np.isfinite(x) else str(x)
    else:

        def write(x):
            return format(x, spec)
    texts = []
    for name, part in parts(d).items():
        numbers = [write(x) for x in np.asarray(part).ravel().tolist()]
        if len(numbers) > 8 and not spec:
            numbers = numbers[:3] + ["..."] + numbers[-3:]
        label = f"{name} " if name != "value" and _layout(d).levels > 1 else ""
        texts.append(label + " ".join(numbers))
    return "(" + "; ".join(texts) + ")"
