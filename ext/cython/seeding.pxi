# Parts of duals as views; seeding, which gives inputs their tangents; splitting, which takes them off outputs.

cdef ndarray _zero_d(Dual d):
    cdef ndarray a = _new_array(&PyArray_Type, d.owner, 0, NULL)
    memcpy(a.data, d.data, (<DualDescr *>d.descr).base.elsize)
    return a


cdef void _check_axes(int nd) except *:
    if nd > MAX_AXES:
        raise ValueError(f"dualnum expects at most {MAX_AXES} axes, those of the levels included, got {nd}.")


cdef object _view(ndarray a, int nd, npy_intp *dimensions, npy_intp *strides, char *data):
    """Return a float64 view of a's memory that keeps a alive."""
    Py_INCREF(_double)
    view = PyArray_NewFromDescr(&PyArray_Type, <PyArray_Descr *><PyObject *>_double, nd, dimensions, strides, data,
                                a.flags & NPY_ARRAY_WRITEABLE, None)
    PyArray_SetBaseObject(_array(view), _new_reference(a))
    return view


cdef object _part_view(ndarray a, int levels, const int *which, bint with_constants=False,
                       const Py_ssize_t *first=NULL, const Py_ssize_t *count=NULL):
    """
    Return a view, of shape a.shape + sizes, of the components with an index above 0 in exactly these levels.

    With constants, of shape a.shape + (1 + size, ...), index 0 in these levels included. With `first` and `count`, of
    the components with `count` indices from `first` on.
    """
    cdef npy_intp dimensions[MAX_AXES + MAX_LEVELS]
    cdef npy_intp strides[MAX_AXES + MAX_LEVELS]
    cdef const ElementLayout *layout = &(<DualDescr *>a.descr).layout
    cdef char *data = a.data
    cdef int i
    _check_axes(a.nd + levels)
    for i in range(a.nd):
        dimensions[i], strides[i] = a.dimensions[i], a.strides[i]
    for i in range(levels):
        dimensions[a.nd + i] = with_constants + layout.size[which[i]] if count == NULL else count[i]
        strides[a.nd + i] = layout.stride[which[i]] * sizeof(double)
        if dimensions[a.nd + i] > 0 and not with_constants:
            data += strides[a.nd + i] * (1 if first == NULL else first[i])
    return _view(a, a.nd + levels, dimensions, strides, data)


cdef object _component_view(ndarray a):
    """Return the components as a float64 view of shape a.shape + (1 + size, ...), the youngest level's axis first."""
    cdef int which[MAX_LEVELS]
    cdef int i, levels = (<DualDescr *>a.descr).layout.levels
    for i in range(levels):
        which[i] = levels - 1 - i
    return _part_view(a, levels, which, True)


cdef ndarray _dual_operand(object x, str who):
    """Return x, a dual, as an array of duals."""
    if type(x) is Dual:
        return _zero_d(x)
    if type(x) is ComplexDual:
        return _complex_zero_d(x)
    if isinstance(x, ndarray) and _has_duals((<ndarray>x).dtype):
        return x
    raise TypeError(f"{who} expects a dual, got {_kind_of(x)}.")


cdef str _kind_of(object x):
    if not isinstance(x, ndarray):
        return type(x).__name__
    return f"an array of {x.dtype if x.dtype.kind != 'V' else repr(x.dtype)}"


def value(x):
    """
    Return the values of x without any derivative: the way to discard derivatives on purpose.

    Parameters
    ----------
    x : Dual, array of duals, float or array
        A list or tuple counts as an array. Anything else comes back as it is: a dict keeps its duals.

    Returns
    -------
    float or ndarray of float64
        Of x's shape, a view of an array of duals; a copy of a recorded array. Numbers and arrays without derivatives
        come back as they are; of complex duals a complex or a copy of complex128.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.value(dn.Dual(3.0))
    3.0
    """
    if watched != NULL:
        _note_discard()
    return _value(x)


cdef object _value(x):
    """value(x), in dualnum's own hands."""
    if type(x) is Dual:
        return (<Dual>x).data[0]
    if type(x) is ComplexDual:
        return complex((<ComplexDual>x).real.data[0], (<ComplexDual>x).imag.data[0])
    if type(x) is RecordedArray:
        return (<RecordedArray>x).value.copy("K")  # f may write to the array
    if type(x) is RecordedNumber:
        return (<RecordedNumber>x).number
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if isinstance(x, ndarray):
        if _is_dual_dtype((<ndarray>x).dtype):
            return _part_view(x, 0, NULL)
        if _is_complex_dtype((<ndarray>x).dtype):
            return complex_from(_value(_complex_part(x, False)), _value(_complex_part(x, True)))
        if x.dtype == object:
            numbers = [_value(item) for item in x.ravel()]
            is_complex = any([isinstance(number, _complex_scalars) for number in numbers])
            return np.array(numbers, dtype=complex if is_complex else float).reshape(x.shape)
    return x


def memory_owner(ndarray x):
    """Return the outermost base of x that has x's dtype: views with one owner share memory."""
    cdef ndarray base
    while x.base != NULL and isinstance(<object>x.base, ndarray):
        base = <ndarray>x.base
        if base.descr != x.descr and <object>base.descr != <object>x.descr:
            break
        x = base
    return x


def float_copies(*operands):
    """
    Return the operands with duals replaced by float64 copies of their values, of the same strides in elements.

    Return None where copies one by one do not do: for duals that are not contiguous, for views of one array, and for
    complex duals.
    """
    cdef list copies = [], duals = []
    cdef ndarray array
    for x in operands:
        if not isinstance(x, ndarray):
            copies.append(_value(x))
            continue
        array = x
        if _is_complex_dtype(<object>array.descr):
            return None
        if not _is_dual_dtype(<object>array.descr):
            copies.append(x)
            continue
        if not array.flags & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS):
            return None
        owner = memory_owner(array)
        for other, its_owner, copy in duals:
            if other is x:
                break
            if its_owner is owner:
                return None
        else:
            values = _part_view(array, 0, NULL)
            copy = PyArray_NewCopy(<PyArrayObject *>values, NPY_KEEPORDER)
            duals.append((x, owner, copy))
        copies.append(copy)
    return copies


cdef object _named_part(ndarray a, str name):
    """Return the tangent of an array with one level, or e1, e2 or e12 of an array with two; all of first order."""
    cdef bint of_one = name == "tangent", found = False
    cdef int which[2]
    if watched != NULL:
        _note_discard()
    if _is_complex_dtype(<object>a.descr):
        return complex_from(_named_part(_complex_part(a, False), name), _named_part(_complex_part(a, True), name))
    which[0], which[1] = name == "e2", 1
    if _is_dual_dtype(<object>a.descr):
        found = (<DualDescr *>a.descr).layout.is_dual() if of_one else (<DualDescr *>a.descr).layout.is_hyper()
    if not found:
        expected = "one first-order level" if of_one else "two first-order levels"
        raise TypeError(f"{name} expects {expected}, got {_kind_of(a)}; parts(x) gives all.")
    return _part_view(a, 2 if name == "e12" else 1, which)


def tangent(x):
    """
    Return the tangents of x, which has exactly one first-order level.

    Parameters
    ----------
    x : Dual or array of duals
        With k tangents.

    Returns
    -------
    ndarray of float64
        Of shape ``x.shape + (k,)``, a view of an array; of complex duals a copy of complex128.

    Raises
    ------
    TypeError
        If x carries no level, several, or a Taylor level: ``parts(x)`` gives all of them.

    Examples
    --------
    >>> import dualnum as dn
    >>> dn.tangent(dn.Dual(3.0, [1.0, 2.0]))
    array([1., 2.])
    """
    return _named_part(_dual_operand(x, "tangent"), "tangent")


def parts(x):
    """
    Return all parts of x by name.

    Parameters
    ----------
    x : Dual or array of duals
        Of any levels.

    Returns
    -------
    dict of str to ndarray of float64
        ``value``, then ``e1``, ``e2``, ``e12`` and so on, the digits being the levels from the oldest; the part of some
        levels has shape ``x.shape`` + their sizes.  A polynomial level has a part for each degree, ``e1``, ``e11`` and
        so on: the coefficients of a1, ..., ak, of a1 a1, a1 a2, ..., ak ak, ...  Views of an array's memory; of complex
        duals copies of complex128.

    Examples
    --------
    >>> import dualnum as dn
    >>> {name: part.item() for name, part in dn.parts(dn.HyperDual(3.0) ** 2).items()}
    {'value': 9.0, 'e1': 6.0, 'e2': 6.0, 'e12': 2.0}
    """
    if watched != NULL:
        _note_discard()
    return _parts(x)


cdef dict _parts(x):
    """parts(x), in dualnum's own hands."""
    if is_complex_dual(x):
        re, im = _parts(real_part(x)), _parts(imaginary_part(x))
        return {name: complex_from(re[name], im[name]) for name in re}
    cdef ndarray a = _dual_operand(x, "parts")
    cdef const ElementLayout *layout = &(<DualDescr *>a.descr).layout
    cdef int which[MAX_LEVELS]
    cdef Py_ssize_t first[MAX_LEVELS]
    cdef Py_ssize_t count[MAX_LEVELS]
    cdef int n
    found = {}
    levels = _levels(<DualDescr *>a.descr)
    choices = [_ranges(layout, level, levels[level]) for level in reversed(range(layout.levels))]
    for chosen in itertools.product(*choices):
        n = 0
        name = "e"
        for level, (degree, start, size) in enumerate(reversed(chosen)):
            if degree:
                which[n], first[n], count[n] = level, start, size
                n += 1
                name += (str(level + 1) if layout.levels < 10 else f"_{level + 1}") * degree
        found[name if n else "value"] = _part_view(a, n, which, False, first, count)
    return found


cdef list _ranges(const ElementLayout *layout, int index, Level level):
    """Return (degree, first index, number of indices) of each part in a level; a Taylor level has all in one."""
    cdef list found = [(0, 0, 1)]
    cdef Py_ssize_t first = 1, stop = 1
    if level.kind != Kind.polynomial:
        return [*found, (1, 1, layout.size[index])]
    for degree in range(1, level.highest + 1):
        while stop <= layout.size[index] and layout.degree_of(index, stop) == degree:
            stop += 1
        found.append((degree, first, stop - first))
        first = stop
    return found


cdef object _operand_dtype(object x, str who):
    """Return the dual dtype of an input before it is seeded: float64 is the dtype without levels."""
    if type(x) is Dual:
        return <object>(<Dual>x).descr
    dtype = <object>(<ndarray>x).descr
    if _is_float64(<PyArray_Descr *><PyObject *>dtype):
        return _neutral
    if not _is_dual_dtype(dtype):
        raise TypeError(f"{who} expects float64 or duals, got {dtype}.")
    return dtype


cdef object _with_level(object dtype, Level level, Py_ssize_t k):
    cdef tuple levels = _levels(_descr(dtype))
    if not levels or (<Level>levels[-1]).age < level.age:
        return _make_dtype(levels + (level,), _sizes(_descr(dtype)) + (k,))
    return _union(dtype, _make_dtype((level,), (k,)))


cdef int _level_index(object dtype, Level level):
    """Return the index of a level among a dtype's levels, or -1."""
    cdef tuple levels = _levels(_descr(dtype))
    cdef int i
    for i in range(len(levels)):
        if levels[i] is level:
            return i
    return -1


def seed_scalar(x, Level level not None, double tangent=1.0, Py_ssize_t size=1):
    """Return the float or dual x with `size` coefficients at a new level: `tangent`, then zeros."""
    cdef Dual z
    if size < 0:
        raise ValueError(f"seed_scalar expects size to be at least 0, got {size}.")
    if isinstance(x, float):
        dtype = _make_dtype((level,), (size,))
        z = _new_dual(<PyObject *>dtype)
        z.of_python = type(x) is float
        memset(z.data, 0, (<DualDescr *>z.descr).base.elsize)
        z.data[0] = PyFloat_AS_DOUBLE(x)
        if size > 0:
            z.data[1] = tangent
        return z
    if type(x) is Dual:
        dtype = _with_level(x.dtype, level, size)
        z = _lift(x, dtype)
        if z is x:
            raise ValueError("seed_scalar expects a number without the level that is seeded.")
        if size > 0:
            z.data[_layout(z).stride[_level_index(dtype, level)]] = tangent
        return z
    raise TypeError(f"seed_scalar expects a float or a Dual, got {_kind_of(x)}.")


cdef ndarray _blank(ndarray x, object dtype, bint subok):
    """Return a copy of x as dtype, in x's memory layout; tangents of levels that x has not are zero."""
    cdef ndarray z
    cdef Py_ssize_t i, components, given, n = PyArray_SIZE(_array(x))
    cdef Py_ssize_t stride_in_z[MAX_LEVELS]
    if not _contiguous(x):
        Py_INCREF(dtype)
        z = PyArray_NewLikeArray(_array(x), NPY_KEEPORDER, <PyArray_Descr *><PyObject *>dtype, 0)
        np.copyto(z, x)
        return PyArray_View(_array(z), NULL, _dual_array_type) if subok else z
    z = _new_array(_dual_array_type if subok else &PyArray_Type, dtype, x.nd, x.dimensions)
    components = _descr(dtype).layout.components()
    if _is_float64(x.descr):
        memset(z.data, 0, n * components * sizeof(double))
        for i in range(n):
            (<double *>z.data)[i * components] = (<double *>x.data)[i]
    elif _is_dual_dtype(<object>x.descr) and embedding(<DualDescr *>x.descr, _descr(dtype), stride_in_z):
        given = (<DualDescr *>x.descr).layout.components()
        for i in range(n):
            embed((<DualDescr *>x.descr).layout, stride_in_z, &(<double *>x.data)[i * given], components,
                  &(<double *>z.data)[i * components])
    else:
        np.copyto(z, x)
    return z


def seed_identity(ndarray x not None, Level level not None, Py_ssize_t start, Py_ssize_t stop,
                  bint batched=False, bint subok=True):
    """
    Return a copy of x that is seeded with rows of the identity: element p has tangent 1 in direction p - start.

    With `batched`, p counts along the last axis. The level gets stop - start tangents. Elements outside start .. stop
    have zero tangents; stop may exceed the number of elements.
    """
    if batched and x.nd == 0:
        raise ValueError("batched=True expects x to have a last axis of variables, got shape ().")
    if not 0 <= start <= stop:
        raise ValueError(f"seed_identity expects 0 <= start <= stop, got {start} and {stop}.")
    dtype = _with_level(_operand_dtype(x, "seed_identity"), level, stop - start)
    return _seed_identity(x, dtype, _level_index(dtype, level), start, stop, batched, subok)


cdef ndarray _seed_identity(ndarray x, object dtype, int index, Py_ssize_t start, Py_ssize_t stop, bint batched,
                            bint subok):
    """Do the same with a dtype that has the level, at `index` among its levels."""
    cdef ndarray z = _blank(x, dtype, subok)
    cdef Py_ssize_t stride = _descr(dtype).layout.stride[index] * sizeof(double)
    cdef npy_intp dimensions[MAX_AXES]
    cdef npy_intp strides[MAX_AXES]
    cdef int last = z.nd - 1
    if batched:
        stop = min(stop, z.dimensions[last])
        if start < stop:
            memcpy(dimensions, z.dimensions, z.nd * sizeof(npy_intp))
            memcpy(strides, z.strides, z.nd * sizeof(npy_intp))
            dimensions[last] = stop - start
            strides[last] += stride  # the diagonal: variable p in direction p
            _view(z, z.nd, dimensions, strides, z.data + start * z.strides[last] + stride)[...] = 1
        return z
    _mark_identity(z, stride, start, stop)
    return z


cdef void _mark_identity(ndarray z, Py_ssize_t stride, Py_ssize_t start, Py_ssize_t stop) noexcept:
    """Set the tangent 1 of elements start ... stop - 1; the level's tangents lie `stride` bytes apart."""
    cdef Py_ssize_t p, rest
    cdef int d
    cdef char *at
    for p in range(start, min(stop, PyArray_SIZE(_array(z)))):
        at, rest = z.data, p
        for d in range(z.nd - 1, -1, -1):
            at += rest % z.dimensions[d] * z.strides[d]
            rest //= z.dimensions[d]
        (<double *>(at + (1 + p - start) * stride))[0] = 1


def seed_tangents(ndarray x not None, Level level not None, tangents, bint subok=True):
    """
    Return a copy of x with these tangents, which broadcast to x.shape + (k,), at a level.

    A polynomial level gets those of degree 1, and zeros above.
    """
    cdef ndarray z
    cdef int index
    cdef Py_ssize_t first = 1, count
    tangents = np.asarray(tangents)
    k = tangents.shape[len(tangents.shape) - 1] if tangents.ndim else 1
    dtype = _with_level(_operand_dtype(x, "seed_tangents"), level, k)
    if _is_dual_dtype(tangents.dtype):  # directions that depend on the variables of an outer driver
        dtype = _union(dtype, tangents.dtype)
        z = _blank(x, dtype, subok)
        view = _component_view(z)
        lifted = _component_view(tangents.astype(_without(dtype, _level_index(dtype, level))))
        axis = view.ndim - 1 - _level_index(dtype, level)
        target = np.moveaxis(view, axis, x.ndim)[(slice(None),) * x.ndim + (slice(1, 1 + k),)]
        target[...] = lifted
        return z
    z = _blank(x, dtype, subok)
    index = _level_index(dtype, level)
    count = k
    _part_view(z, 1, &index, False, &first, &count)[...] = tangents
    return z


cdef object _new_vector(npy_intp n):
    """Return an uninitialised float64 vector of n elements."""
    return _new_array(&PyArray_Type, _double, 1, &n)


cdef object _new_square(npy_intp n):
    """Return an uninitialised float64 matrix of shape (n, n)."""
    cdef npy_intp dimensions[2]
    dimensions[0] = dimensions[1] = n
    return _new_array(&PyArray_Type, _double, 2, dimensions)


def split(y, Level level not None):
    """
    Return (primal, tangents) of y in a level: y without the level, and its k coefficients there.

    The tangents have shape ``y.shape + (k,)``; they are None if y does not carry the level.  Both parts are float64,
    or duals of the remaining levels. The primal of a scalar is a scalar.
    """
    cdef ndarray a
    cdef Dual d
    cdef int index
    cdef bint scalar = type(y) is Dual
    if is_complex_dual(y):
        return _of_both_parts(split, y, level)
    if not scalar and not (isinstance(y, ndarray) and _is_dual_dtype((<ndarray>y).dtype)):
        return y, None
    dtype = <object>(<Dual>y).descr if scalar else <object>(<ndarray>y).descr
    index = _level_index(dtype, level)
    if index < 0:
        return y, None
    if scalar and (<DualDescr *>(<Dual>y).descr).layout.levels == 1:
        d = <Dual>y
        tangents = _new_vector(_layout(d).components() - 1)
        memcpy((<ndarray>tangents).data, &d.data[1], (_layout(d).components() - 1) * sizeof(double))
        return d.data[0], tangents
    a = _zero_d(y) if scalar else <ndarray>y
    if _descr(dtype).layout.levels == 1:
        return _split_level(a, index, _double)
    primal, tangents = _split_level(a, index, _without(dtype, index))
    if scalar:
        return primal[()], _as_dual_array(tangents)
    return (_as_dual_array(primal), _as_dual_array(tangents)) if type(y) is DualArray else (primal, tangents)


cdef tuple _of_both_parts(object function, object y, Level level):
    """Return the results of `split` or `split_second` for complex duals, from those of both parts."""
    pairs = zip(function(real_part(y), level), function(imaginary_part(y), level))
    return tuple([None if re is None else complex_from(re, im) for re, im in pairs])


def split_second(y, Level level not None):
    """
    Return (primal, first, second) of y in a polynomial level of degree 2 in k variables.

    The derivatives have shapes ``y.shape + (k,)`` and ``y.shape + (k, k)``; they are None if y lacks the level.
    All parts are float64, or duals of the remaining levels.
    """
    cdef ndarray a, packed
    cdef Py_ssize_t i, k, components, n
    cdef npy_intp dimensions[MAX_AXES]
    primal, tangents = y, None
    cdef bint scalar = type(y) is Dual
    if is_complex_dual(y):
        return _of_both_parts(split_second, y, level)
    dtype = <object>(<Dual>y).descr if scalar else getattr(y, "dtype", None)
    cdef int index = _level_index(dtype, level) if _is_dual_dtype(dtype) else -1
    if index < 0:
        return y, None, None
    if level.kind != Kind.polynomial or level.highest != 2:
        raise ValueError("split_second expects a level of degree 2.")
    k = _sizes(_descr(dtype))[index]
    if _descr(dtype).layout.levels > 1:
        primal, tangents = split(y, level)
        places, factors = _packed_places(k)
        return primal, tangents[..., :k], tangents[..., k:][..., places] * factors
    if scalar:
        return _read_second(<Dual>y, k)
    a = <ndarray>y if _contiguous(<ndarray>y) else np.array(y, order="C", subok=False)
    n, components = PyArray_SIZE(_array(a)), _descr(dtype).layout.components()
    _check_axes(a.nd + 2)
    for i in range(a.nd):
        dimensions[i] = a.dimensions[i]
    dimensions[a.nd] = dimensions[a.nd + 1] = k
    values, first = (_new_array(&PyArray_Type, _double, a.nd + i, dimensions) for i in range(2))
    packed = _new_array(&PyArray_Type, _double, a.nd + 2, dimensions)
    for i in range(n):
        (<double *>(<ndarray>values).data)[i] = (<double *>a.data)[i * components]
        memcpy(<double *>(<ndarray>first).data + i * k, <double *>a.data + i * components + 1, k * sizeof(double))
        _unpack(<double *>a.data + i * components + 1 + k, k, <double *>packed.data + i * k * k)
    return values, first, packed


cdef tuple _read_second(Dual d, Py_ssize_t k):
    """Return a number's value, its k first and k * k second derivatives, of one polynomial level of degree 2."""
    first, second = _new_vector(k), _new_square(k)
    memcpy((<ndarray>first).data, &d.data[1], k * sizeof(double))
    _unpack(&d.data[1 + k], k, <double *>(<ndarray>second).data)
    return d.data[0], first, second


cdef void _unpack(const double *packed, Py_ssize_t k, double *square) noexcept nogil:
    """Write the second derivatives from the coefficients of a1 a1, a1 a2, ..., ak ak; those of squares are halves."""
    cdef Py_ssize_t i, j
    for i in range(k):
        square[i * k + i] = 2 * packed[0]
        packed += 1
        for j in range(i + 1, k):
            square[i * k + j] = square[j * k + i] = packed[0]
            packed += 1


@functools.lru_cache(16)
def _packed_places(k):
    """Return which coefficient each of k * k second derivatives is, and its factor."""
    places = np.empty((k, k), int)
    rows, columns = np.triu_indices(k)
    places[rows, columns] = places[columns, rows] = np.arange(len(rows))
    return places, 1.0 + np.eye(k)


cdef tuple _split_level(ndarray a, int index, object rest):
    """Return (primal, tangents) of an array as arrays of dtype `rest`: float64, or the other levels'."""
    cdef const ElementLayout *layout = &(<DualDescr *>a.descr).layout
    cdef Py_ssize_t inner = layout.stride[index], k = layout.size[index], n = PyArray_SIZE(_array(a))
    cdef Py_ssize_t outer = layout.components() // (inner * (1 + k)), left = inner * outer, i, j, o
    cdef npy_intp dimensions[MAX_AXES + MAX_LEVELS]
    cdef ndarray primal, tangents
    cdef double *x
    cdef double *p
    cdef double *t
    _check_axes(a.nd + 1)
    if not _contiguous(a):
        a = np.array(a, order="C", subok=False)
    for i in range(a.nd):  # a.dimensions is null for 0-d arrays
        dimensions[i] = a.dimensions[i]
    dimensions[a.nd] = k
    primal = _new_array(&PyArray_Type, rest, a.nd, dimensions)
    tangents = _new_array(&PyArray_Type, rest, a.nd + 1, dimensions)
    x, p, t = <double *>a.data, <double *>primal.data, <double *>tangents.data
    if layout.components() == 2:
        for i in range(n):
            p[i], t[i] = x[2 * i], x[2 * i + 1]
        return primal, tangents
    for i in range(n):
        for o in range(outer):
            memcpy(p + o * inner, x, inner * sizeof(double))
            x += inner
            if outer == 1:  # the youngest level, whose tangents are contiguous
                memcpy(t, x, k * inner * sizeof(double))
                x += k * inner
                break
            for j in range(k):
                memcpy(t + j * left + o * inner, x, inner * sizeof(double))
                x += inner
        p += left
        t += k * left
    return primal, tangents
