"""What to do about errors of duals in the words of other libraries: a note for each text, which drivers add.

The limits page, "Texts of other libraries", has the same texts with their origins.
"""

__all__: list[str] = []

PLAIN = "make the array with np.stack or .view(dualnum.DualArray): np.array makes a plain one, which NumPy refuses"
NUMPY = "write it with NumPy's functions"
VALUE = "use dualnum.value(x), on purpose"
NOTES = {
    "This function currently only supports native NumPy dtypes": PLAIN + "; A @ x instead of A.dot(x)",
    "dot not available for this type": PLAIN + "; A @ x instead of A.dot(x)",
    "invalid data type for einsum": PLAIN,
    "is unsupported in linalg": PLAIN,
    "Cannot cast array data from DualDType": PLAIN,
    "Cannot pass a new user DType instance": PLAIN,
    "only integers, slices (`:`)": "f gets the values of a Series as an array: make pd.Series(x, index=...) in f",
    "compound dtypes are not implemented": "take series.to_numpy() first",
    "'\\x7f'": NUMPY,  # the repr of the dtype's character, as KeyError prints it
    "'\x7f'": NUMPY + ", with dense arrays",
    "No matching signature found": NUMPY,
    "Input must be at least a 2D-array": NUMPY,
    "input type '|V": "write the recurrence as a loop",
    "could not convert b, a, and x to a common type": "write the recurrence as a loop",
    "Unsupported dtype |V": "use np.linalg.norm(a[:, None] - b, axis=-1)",
    "can't get common type for non-numeric array": "use np.result_type",
    "Unable to avoid copy while creating an array": "use np.asanyarray(x)",
    "is not compatible with arrays of bytes/strings": NUMPY,
    "returned a result with an exception set": "solve for dualnum.value(x), then take a Newton step with duals",
    "Unable to parse arguments": "solve for dualnum.value(x), then take a Newton step with duals",
    "Result from function call is not a proper array of floats": "solve for dualnum.value(x), then take a Newton step",
    "Error setting single item of array": "allocate with np.zeros_like(x), for float64 cannot hold derivatives",
    "No cast function available": VALUE,
    "cannot cast dtype |V": VALUE,
    "Unsupported numpy type 3000": VALUE,
    "Overload resolution failed": NUMPY,
    "Cannot convert from |V": NUMPY,
    "unknown type DualDType": NUMPY,
    "Unsupported array dtype: |V": NUMPY,
    "non-precise type pyobject": NUMPY,
    "cannot cast 'Object' type": NUMPY,
}


def explain(error: Exception, otherwise: str | None = None) -> None:
    """Add a note to an error that left f, if another library's refusal of duals has its text, or else `otherwise`."""
    if any(note.startswith("dualnum: ") for note in getattr(error, "__notes__", ())):
        return
    text = str(error)
    for part, remedy in NOTES.items():
        if part in text:
            error.add_note(f"dualnum: if duals are the cause, {remedy} (Limits: Texts of other libraries).")
            return
    if otherwise is not None:
        error.add_note(f"dualnum: {otherwise}.")
