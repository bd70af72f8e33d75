"""NumPy calls for the safety test, and the judge that runs in a child process.

Every call is evaluated for dual arrays and, twice, for plain ones moved along the tangents: whatever depends on the
input must carry the central difference as its tangent, or be of an integer or boolean type, or have been refused.

Names: `x y` vectors of 6 positive numbers, `a b` matrices 4 x 4, `s` a scalar, all duals; `v w m` the same, plain.
"""

import sys

import numpy as np

LIST = """
np.abs(x - 1) ; np.absolute(x) ; np.add(x, v) ; np.allclose(x, y) ; np.all(x) ; np.any(x) ; np.amax(a, axis=0)
np.amin(a) ; np.angle(x) ; np.append(x, y) ; np.apply_along_axis(np.sum, 0, a)
np.apply_over_axes(np.sum, a, [0, 1]) ; np.arccos(x / 4) ; np.arccosh(x + 1) ; np.arcsin(x / 4)
np.arcsinh(x) ; np.arctan(x) ; np.arctan2(x, y) ; np.arctanh(x / 4) ; np.argmax(x) ; np.argmin(a, axis=1)
np.argpartition(x, 3) ; np.argsort(x) ; np.argwhere(x > 1) ; np.around(x, 1) ; np.round(x) ; np.arange(s)
np.arange(0, s, 0.25) ; np.array(x) ; np.array([s, 1.0]) ; np.array([x, y]) ; np.array(x, dtype=float)
np.array([s, 1.0], dtype=float) ; np.array(x, copy=True, order='F', ndmin=2) ; np.array2string(x)
np.array_equal(x, y) ; np.array_equiv(x, x) ; np.array_repr(x) ; np.array_split(x, 4) ; np.array_str(x)
np.asanyarray(x) ; np.asarray(x) ; np.asarray(x, dtype=float) ; np.asarray(x, dtype=np.float32)
np.asarray(x, dtype=int) ; np.asarray_chkfinite(x) ; np.ascontiguousarray(x[::2]) ; np.asfortranarray(a)
np.asmatrix(a) ; np.matrix(a) ; np.atleast_1d(s) ; np.atleast_2d(x) ; np.atleast_3d(x) ; np.average(x)
np.average(x, weights=y) ; np.average(x, weights=v) ; np.average(v, weights=x)
np.average(a, axis=0, weights=v[:4]) ; np.bartlett(s) ; np.base_repr(3)
np.bincount([0, 1, 1, 2, 0, 3], weights=x) ; np.bitwise_and(x, 1) ; np.bitwise_or(x, x) ; np.bitwise_xor(x, 1)
np.bitwise_not(x) ; np.bitwise_count(x) ; np.blackman(s) ; np.block([[a, b], [b, a]]) ; np.bmat([[a, b]])
np.broadcast(x, a[:, :1]) ; np.broadcast_arrays(x, v[:, None]) ; np.broadcast_to(s, 3)
np.broadcast_to(x, (2, 6)) ; np.c_[x, y] ; np.r_[x, 1, y] ; np.r_[x, s] ; np.can_cast(x.dtype, float)
np.can_cast(x.dtype, complex) ; np.cbrt(x) ; np.ceil(x) ; np.char.add('a', 'b')
np.choose([0, 1, 0, 1, 0, 1], [x, y]) ; np.clip(x, 0.5, 1.5) ; np.clip(x, y, None) ; np.clip(v, x, 5.0)
np.column_stack([x, y]) ; np.common_type(x) ; np.compress(v > 1, x) ; np.concatenate([x, v])
np.concat([x, y]) ; np.concatenate([v, w], out=x.repeat(2))
np.concatenate([x, y], dtype=float, casting='unsafe') ; np.concatenate([x, y], out=np.zeros(12)) ; np.conj(x)
np.conjugate(x) ; np.convolve(x, v) ; np.convolve(v, x, 'same') ; np.convolve(x, y, 'valid') ; np.copy(x)
(np.copyto(x, y), x)[1] ; (np.copyto(v, x), v)[1] ; (np.copyto(v, x, casting='unsafe'), v)[1]
np.copysign(x, -v) ; np.copysign(v, x) ; np.corrcoef(a) ; np.corrcoef(x, y) ; np.correlate(x, v)
np.correlate(x, y, 'full') ; np.cos(x) ; np.cosh(x) ; np.count_nonzero(x) ; np.cov(a) ; np.cov(x, v)
np.cross(x[:3], y[:3]) ; np.cross(x[:3], v[:3]) ; np.cumprod(x) ; np.cumsum(a, axis=1) ; np.cumulative_sum(x)
np.cumulative_prod(x) ; np.deg2rad(x) ; np.degrees(x) ; np.delete(x, 2) ; np.diag(x) ; np.diag(a)
np.diag_indices_from(a) ; np.diagflat(x) ; np.diagonal(a) ; np.diff(x) ; np.diff(x, 2, prepend=0.0)
np.diff(x, append=s) ; np.digitize(x, [0.5, 1.0]) ; np.digitize(v, np.sort(x)) ; np.divide(x, y)
np.divmod(x, 0.7) ; np.dot(x, y) ; np.dot(a, b) ; np.dot(x, v) ; np.dot(v, x) ; np.dot(a, x[:4])
np.dot(2.0, x) ; np.dot(s, s) ; x.dot(y) ; a.dot(b) ; a.dot(m) ; m.dot(a) ; v.dot(x) ; np.dsplit(a[None], 2)
np.dstack([x, y]) ; np.ediff1d(x) ; np.ediff1d(x, to_end=s) ; np.einsum('i,i', x, y)
np.einsum('ij,jk', a, b) ; np.einsum('ij,jk', a, m) ; np.einsum('ii', a) ; np.einsum('ij->ji', a)
np.einsum('i->', x) ; np.einsum('ij,j', m, x[:4]) ; np.einsum('ij,jk,kl', a, m, b, optimize=True)
np.einsum(a, [0, 1], b, [1, 2]) ; np.einsum_path('ij,jk', a, b) ; np.einsum('...i,...i', a, b)
np.einsum('ij,jk', m, m, out=a) ; np.empty_like(x).shape ; np.equal(x, y) ; np.exp(x) ; np.exp2(x)
np.expand_dims(x, 0) ; np.expm1(x) ; np.extract(v > 1, x) ; np.eye(3, dtype=x.dtype)
np.identity(3, dtype=x.dtype) ; np.fabs(-x) ; np.fft.fft(x) ; np.fft.ifft(x) ; np.fft.rfft(x)
np.fft.irfft(x) ; np.fft.fft2(a) ; np.fft.fftn(a) ; np.fft.fftshift(x) ; np.fft.hfft(x) ; np.fft.rfft2(a)
(np.fill_diagonal(a, s), a)[1] ; (np.fill_diagonal(m, s), m)[1] ; np.fix(x) ; np.flatnonzero(x) ; np.flip(x)
np.fliplr(a) ; np.flipud(a) ; np.float_power(x, 1.5) ; np.floor(x) ; np.floor_divide(x, 0.3) ; np.fmax(x, y)
np.fmin(x, v) ; np.fmod(x, 0.7) ; np.format_float_positional(s) ; np.format_float_scientific(s) ; np.frexp(x)
np.frombuffer(x) ; np.frombuffer(x.tobytes()) ; np.fromiter(x, float) ; np.fromiter(x, x.dtype)
np.fromiter((e for e in x), dtype=float) ; np.fromfunction(lambda i: x[i], (6,), dtype=int)
np.frompyfunc(lambda e: e * e, 1, 1)(x) ; np.full(3, s) ; np.full(3, s, dtype=float) ; np.full_like(v, s)
np.full_like(x, s) ; np.full_like(v, x) ; np.gcd(x, 2) ; np.lcm(x, x) ; np.geomspace(s, 5.0, 4)
np.geomspace(x[:2], y[:2], 3) ; np.gradient(x) ; np.gradient(x, 0.5) ; np.gradient(x, y.cumsum())
np.gradient(a) ; np.greater(x, y) ; np.greater_equal(x, v) ; np.hamming(s) ; np.hanning(s)
np.heaviside(x, 0.5) ; np.histogram(x) ; np.histogram(v, weights=x) ; np.histogram(v, bins=np.sort(x))
np.histogram2d(x, y, bins=4) ; np.histogramdd(a) ; np.histogram_bin_edges(x) ; np.hsplit(a, 2) ; np.hstack([x, v])
np.hypot(x, y) ; np.i0(x) ; np.imag(x) ; np.indices((2, 2)) ; np.inner(x, y) ; np.inner(a, b) ; np.inner(v, x)
np.inner(s, x) ; np.insert(x, 1, s) ; np.insert(v, 1, s) ; np.interp(s, v.cumsum(), w)
np.interp(x, v.cumsum(), w) ; np.interp(1.0, np.cumsum(x), w) ; np.interp(w, v.cumsum(), x)
np.intersect1d(x, y) ; np.invert(x) ; np.isclose(x, y) ; np.iscomplex(x) ; np.iscomplexobj(x) ; np.isfinite(x)
np.isfortran(a) ; np.isin(x, v) ; np.isinf(x) ; np.isnan(x) ; np.isnat(x) ; np.isneginf(x) ; np.isposinf(x)
np.isreal(x) ; np.isrealobj(x) ; np.isscalar(s) ; np.iterable(x) ; np.ix_(x, y) ; np.kaiser(4, s)
np.kron(x, y) ; np.kron(a, m) ; np.ldexp(x, 3) ; np.ldexp(x, np.arange(6)) ; np.left_shift(x, 1)
np.right_shift(x, 1) ; np.less(x, y) ; np.less_equal(x, 1) ; np.lexsort((x, y)) ; np.linspace(s, 5.0, 4)
np.linspace(0, s, 3) ; np.linspace(x, y, 3) ; np.linspace(0, s, 4, retstep=True)
np.linspace(0, s, 3, dtype=float) ; np.log(x) ; np.log10(x) ; np.log1p(x) ; np.log2(x) ; np.logaddexp(x, y)
np.logaddexp2(x, y) ; np.logical_and(x, y) ; np.logical_not(x) ; np.logical_or(x, 0) ; np.logical_xor(x, y)
np.logspace(s, 2.0, 3) ; np.logspace(0, 1, 3, base=s) ; np.matmul(a, b) ; np.matmul(m, a)
np.matmul(a, x[:4]) ; a @ b ; a @ m ; m @ a ; x @ y ; v @ x ; a @ a.T ; np.matmul(a, b, out=np.zeros((4, 4)))
np.matmul(m, m, out=a) ; np.matvec(a, x[:4]) ; np.vecmat(x[:4], a) ; np.vecdot(x, y) ; np.vecdot(v, x)
np.matrix_transpose(a) ; np.matrix_transpose(np.stack([a, b])) ; np.max(x) ; np.maximum(x, y)
np.maximum.accumulate(x) ; np.maximum.reduce(a) ; np.max(x, initial=1.0)
np.max(x, where=v > 0.5, initial=0.0) ; np.may_share_memory(x, x) ; np.shares_memory(x, x) ; np.mean(x)
np.mean(a, axis=0) ; np.mean(x, dtype=float) ; np.mean(a, where=m > 0) ; np.median(x) ; np.median(a, axis=0)
np.meshgrid(x, y) ; np.mgrid[0:3] ; np.min(a, axis=1) ; np.minimum(x, 1) ; np.min_scalar_type(s)
np.mod(x, 0.43) ; np.modf(x) ; np.moveaxis(a, 0, 1) ; np.multiply(x, y) ; np.multiply.outer(x, v)
np.nan_to_num(x) ; np.nan_to_num(x, copy=False) ; np.nanargmax(x) ; np.nanargmin(x) ; np.nancumprod(x)
np.nancumsum(x) ; np.nanmax(x) ; np.nanmean(x) ; np.nanmedian(x) ; np.nanmin(x) ; np.nanpercentile(x, 30)
np.nanprod(x) ; np.nanquantile(x, 0.3) ; np.nanstd(x) ; np.nansum(x) ; np.nanvar(a, axis=0) ; np.ndim(x)
np.ndenumerate(x).__next__() ; list(np.nditer(v)) ; list(np.nditer(x)) ; np.negative(x) ; np.nextafter(x, 2.0)
np.nonzero(x) ; np.not_equal(x, y) ; np.ones_like(x) ; np.ones(3, dtype=x.dtype) ; np.outer(x, y)
np.outer(v, x) ; np.outer(x, y, out=np.zeros((6, 6))) ; np.packbits(x) ; np.pad(x, 2)
np.pad(x, 2, mode='edge') ; np.pad(x, 1, mode='reflect') ; np.pad(x, 1, constant_values=s)
np.pad(v, 1, constant_values=s) ; np.pad(x, 1, mode='mean') ; np.pad(x, 1, mode='linear_ramp')
np.pad(v, 1, mode='linear_ramp', end_values=s) ; np.pad(x, 2, mode='maximum') ; np.pad(x, 1, mode='wrap')
np.partition(x, 3) ; np.percentile(x, 30) ; np.percentile(x, s * 10) ; np.percentile(v, s * 10)
np.quantile(x, 0.4) ; np.quantile(x, [0.1, 0.9]) ; np.quantile(v, s / 4) ; np.quantile(x, 0.3, method='lower')
np.quantile(x, 0.3, weights=v, method='inverted_cdf') ; np.piecewise(x, [v > 1], [lambda e: e * e, 0.0])
np.piecewise(v, [v > 1], [s, 0.0]) ; np.piecewise(x, [v > 1], [np.sin, np.cos]) ; np.place(x, v > 1, y)
(np.place(v, v > 1, x), v)[1] ; np.poly(x[:3]) ; np.poly(a) ; np.poly1d(x)(2.0) ; np.poly1d(v)(s)
np.polyadd(x, y) ; np.polyder(x) ; np.polydiv(x, y[:3]) ; np.polyfit(v, x, 2) ; np.polyfit(x, v, 2)
np.polyint(x) ; np.polymul(x, y) ; np.polysub(x, y) ; np.polyval(x, 2.0) ; np.polyval(v, s) ; np.polyval(v, x)
np.polyval(x, y) ; np.positive(x) ; np.polynomial.polynomial.polyval(x, v)
np.polynomial.polynomial.polyval(2.0, x) ; np.polynomial.chebyshev.chebval(x, v)
np.polynomial.Polynomial(x)(2.0) ; np.polynomial.Polynomial(v)(x) ; np.polynomial.legendre.legval(s, v)
np.polynomial.hermite.hermval(x, v) ; np.polynomial.polynomial.polyfromroots(x)
np.polynomial.polynomial.polyvander(x, 3) ; np.polynomial.polynomial.polyroots(x) ; np.power(x, 2)
np.power(x, y) ; np.power(2.0, x) ; np.power(v, x) ; np.prod(x) ; np.prod(a, axis=1)
np.promote_types(x.dtype, float) ; np.ptp(x) ; np.ptp(a, axis=0) ; (np.put(x, [1], s * s), x)[1]
(np.put(v, [1], s), v)[1] ; (np.put_along_axis(a, np.zeros((4, 1), int), b[:, :1], 1), a)[1]
(np.putmask(x, v > 1, y), x)[1] ; (np.putmask(v, v > 1, x), v)[1] ; np.rad2deg(x) ; np.radians(x)
np.ravel(a) ; np.real(x) ; np.real_if_close(x) ; np.reciprocal(x) ; np.remainder(x, y) ; np.repeat(x, 2)
np.reshape(x, (2, 3)) ; np.require(x, requirements='C') ; np.require(x, dtype=float) ; np.resize(x, 9)
np.result_type(x, 1.0) ; np.rint(x) ; np.roll(x, 2) ; np.rollaxis(a, 1) ; np.roots(x[:3]) ; np.rot90(a)
np.searchsorted(np.sort(x), y) ; np.searchsorted(v.cumsum(), x) ; np.select([v > 1, v > 0.5], [x, y], 0.0)
np.select([v > 1], [v], s) ; np.setdiff1d(x, y) ; np.setxor1d(x, y) ; np.union1d(x, y) ; np.shape(x)
np.sign(x) ; np.signbit(x) ; np.sin(x) ; np.sinc(x) ; np.sinh(x) ; np.size(x) ; np.sort(x)
np.sort(a, axis=0) ; np.sort_complex(x) ; np.spacing(x) ; np.split(x, 3) ; np.sqrt(x) ; np.square(x)
np.squeeze(x[None]) ; np.stack([x, v]) ; np.std(x) ; np.std(a, axis=1, ddof=1) ; np.subtract(v, x) ; np.sum(x)
np.sum(a, axis=(0, 1)) ; np.sum(x, dtype=float) ; np.sum(x, where=v > 1) ; np.sum(x, initial=s)
np.sum(v, initial=s) ; np.sum(x, out=np.zeros(())) ; np.sum(a, axis=0, out=np.zeros(4)) ; np.swapaxes(a, 0, 1)
np.take(x, [1, 2]) ; np.take(x, [1, 2], out=np.zeros(2)) ; np.take_along_axis(a, np.zeros((4, 1), int), 1)
np.tan(x) ; np.tanh(x) ; np.tensordot(a, b) ; np.tensordot(a, b, 1) ; np.tensordot(m, a, ([0], [1]))
np.tile(x, 2) ; np.trace(a) ; np.trace(a, dtype=float) ; np.transpose(a) ; np.trapezoid(x)
np.trapezoid(x, v) ; np.trapezoid(v, x) ; np.tri(3, dtype=x.dtype) ; np.tril(a) ; np.triu(a, 1)
np.tril_indices_from(a) ; np.trim_zeros(x) ; np.true_divide(x, y) ; np.trunc(x) ; np.typename('d')
np.unique(x) ; np.unique(x, return_counts=True) ; np.unique_values(x) ; np.unpackbits(x)
np.unravel_index(3, (2, 3)) ; np.unstack(x) ; np.unwrap(x * 4) ; np.vander(x[:3])
np.vander(x, 3, increasing=True) ; np.var(x) ; np.var(a, axis=0, ddof=1) ; np.vdot(x, y) ; np.vdot(v, x)
np.vdot(a, b) ; np.vectorize(lambda e: e * e)(x) ; np.vectorize(lambda e: e * e, otypes=[float])(x)
np.vectorize(np.dot, signature='(n),(n)->()')(a, b) ; np.vsplit(a, 2) ; np.vstack([x, y])
np.where(x > 1, x, 0.0) ; np.where(v > 1, v, x) ; np.where(x) ; np.zeros_like(x)
np.zeros_like(x, dtype=float) ; np.zeros(3, x.dtype) ; np.linalg.norm(x) ; np.linalg.norm(a)
np.linalg.norm(x, 1) ; np.linalg.norm(x, np.inf) ; np.linalg.norm(x, 3) ; np.linalg.norm(a, axis=0)
np.linalg.norm(a, 2) ; np.linalg.norm(a, 'nuc') ; np.linalg.norm(a, 1) ; np.linalg.norm(s)
np.linalg.norm(x, keepdims=True) ; np.linalg.norm(a, 'fro') ; np.linalg.norm(x, 0) ; np.linalg.vector_norm(x)
np.linalg.matrix_norm(a) ; np.linalg.det(a) ; np.linalg.slogdet(a) ; np.linalg.inv(a) ; np.linalg.pinv(a)
np.linalg.solve(a, b) ; np.linalg.solve(a, x[:4]) ; np.linalg.solve(m, x[:4]) ; np.linalg.solve(a, v[:4])
np.linalg.lstsq(a, b) ; np.linalg.lstsq(m, x[:4]) ; np.linalg.qr(a) ; np.linalg.cholesky(a @ a.T)
np.linalg.eig(a) ; np.linalg.eigh(a + a.T) ; np.linalg.eigvals(a) ; np.linalg.eigvalsh(a + a.T)
np.linalg.svd(a) ; np.linalg.svdvals(a) ; np.linalg.matrix_power(a, 3) ; np.linalg.matrix_power(a, -1)
np.linalg.matrix_rank(a) ; np.linalg.cond(a) ; np.linalg.multi_dot([a, b, a])
np.linalg.tensorinv(a.reshape(2, 2, 4), 2) ; np.linalg.tensorsolve(a, x[:4]) ; np.linalg.cross(x[:3], y[:3])
np.linalg.outer(x, y) ; np.linalg.trace(a) ; np.linalg.diagonal(a) ; np.linalg.matmul(a, b)
np.linalg.vecdot(x, y) ; np.linalg.tensordot(a, b) ; np.linalg.matrix_transpose(a) ; x.all() ; x.any()
x.argmax() ; x.argsort() ; x.astype(float) ; x.astype(x.dtype) ; x.astype(int) ; x.astype(complex)
x.astype(object) ; x.astype(bool) ; x.astype(str) ; x.byteswap() ; x.choose ; x.clip(0.5, 1.0)
x.compress([True, False, True]) ; x.conj() ; x.copy() ; x.cumprod() ; x.cumsum() ; a.diagonal() ; x.dump
x.dumps() is None ; (x.fill(s), x)[1] ; (v.fill(s), v)[1] ; x.flatten() ; x.flat[2] ; list(x.flat) ; x.imag
x.real ; x.item(2) ; x.max() ; x.mean() ; x.min() ; x.nonzero() ; (x.partition(2), x)[1] ; x.prod()
(x.put([0], s), x)[1] ; (v.put([0], s), v)[1] ; a.ravel() ; x.repeat(2) ; x.reshape(3, 2)
(x.resize(4), x)[1] ; x.round(1) ; x.searchsorted(1.0) ; (x.sort(), x)[1] ; x.squeeze() ; x.std() ; x.sum()
a.swapaxes(0, 1) ; x.take([0, 1]) ; len(x.tobytes()) ; x.tolist() ; a.trace() ; a.transpose() ; x.var()
x.view() ; x.view(float).shape ; x.view(np.uint8).shape ; a.T ; a.mT ; x.shape ; x.nbytes ; x.strides
x.data.shape ; memoryview(x).format ; x.ctypes.data is None ; x.__array_interface__['shape'] ; x.__array__()
x.__array__(float) ; bytes(x) is None ; float(x[0]) ; int(s) ; complex(s) ; float(np.array(s)) ; int(x[:1])
x[0].item() ; x[:3] + y[3:] ; x[v > 1] ; x[[0, 2]] ; x[::-1] ; x[None] ; x[..., 0] ; a[0] ; a[:, 1] ; a[1, 2]
a[[0, 1], [2, 3]] ; a[a > 1] ; x[x > 1] ; (x.__setitem__(0, s * s), x)[1] ; (v.__setitem__(0, s), v)[1]
(v.__setitem__(slice(None), x), v)[1] ; (v.__setitem__([0, 1], x[:2]), v)[1] ; (v.__setitem__(v > 1, s), v)[1]
(setattr(v, 'flat', x), v)[1] ; (setattr(x, 'flat', y), x)[1] ; (v.__setitem__(0, x[0:1]), v)[1]
(v.__setitem__(0, np.array(s)), v)[1] ; x + y ; x - v ; 2 * x ; x / y ; x // 0.3 ; x % 0.3 ; x ** 2 ; x ** y
x ** 0.5 ; 2 ** x ; -x ; +x ; abs(x - 1) ; x == y ; x < y ; x & 1 ; x | x ; x ^ x ; ~x ; x << 1
x.__iadd__(v) ; v.__iadd__(x) ; v.__imul__(s) ; x.__imul__(2) ; x.__ipow__(2) ; x.__itruediv__(y)
a.__imatmul__(m) ; m.__imatmul__(a) ; divmod(x, 0.3) ; round(s) ; round(s, 1) ; np.add(x, v, out=np.zeros(6))
np.exp(x, out=np.zeros(6)) ; np.exp(x, dtype=float) ; np.exp(x, dtype=x.dtype)
np.exp(x, casting='unsafe', dtype=float) ; np.add(x, y, out=v, casting='unsafe')
np.multiply(x, 2, where=v > 1, out=x) ; np.add.reduce(x) ; np.add.accumulate(x) ; np.add.reduceat(x, [0, 3])
np.add.outer(x, v) ; (np.add.at(x, [0, 0], s), x)[1] ; (np.add.at(v, [0, 0], s), v)[1]
(np.multiply.at(x, [1], y[:1]), x)[1] ; np.multiply.reduce(x) ; np.add.reduce(x, dtype=float)
np.hypot.reduce(x) ; np.logaddexp.reduce(x) ; np.subtract.reduce(x) ; np.divide.accumulate(x)
np.power.outer(x, v) ; np.matmul(np.stack([a, b]), m) ; np.ma.array(x) + 1 ; np.ma.array(x, mask=v > 1).sum()
np.ma.masked_where(v > 1, x).mean() ; np.rec.fromarrays([x, y])[0] ; np.random.default_rng(1).normal(x)
np.random.default_rng(1).permutation(x) ; np.random.default_rng(1).choice(x, 3)
np.random.default_rng(1).uniform(0, x) ; np.random.default_rng(1).shuffle(x) ; np.random.normal(s)
np.lib.stride_tricks.as_strided(x, (3,), (2 * x.itemsize,)) ; np.lib.stride_tricks.sliding_window_view(x, 3)
np.lib.scimath.sqrt(x) ; np.emath.log(x) ; np.emath.power(x, 2)
np.lib.stride_tricks.as_strided(x, (6,), (0,)) ; np.testing.assert_allclose(x, x)
np.testing.assert_array_equal(x, x) ; np.finfo(x.dtype) ; np.iinfo(x.dtype)
np.issubdtype(x.dtype, np.floating) ; np.issubdtype(x.dtype, float) ; np.dtype(x.dtype)
np.dtype((x.dtype, 2)) ; np.dtype([('p', x.dtype)]) ; np.zeros(2, np.dtype([('p', x.dtype)]))
np.nested_iters ; np.from_dlpack(x) ; np.savetxt(sink(), x) ; np.save(sink(), x) ; np.savez(sink(), x)
x.tofile ; np.loadtxt(['1 2']) ; np.float64(s) ; np.float32(s) ; np.int64(s) ; np.complex128(s) ; np.bool_(s)
np.str_(s) ; np.array(s).item() ; np.array(s)[()] ; sum(x) ; min(x) ; max(x) ; sorted(x) ; list(x)
[float(e) for e in x] ; s.shape ; s.real ; s.imag ; s.conjugate() ; s.item() ; s + 1j ; s * v ; v * s ; s @ x
np.sin(s) ; s ** 2 ; 2 ** s ; s // 1 ; s % 1 ; bool(s) ; hash(s)
"""
CALLS = LIST.strip().replace("\n", " ; ").split(" ; ")

# Results that do carry no derivative on purpose: text, memory, and what the name says.
TEXT = (str, bytes, memoryview, np.dtype, type, type(None), type(Ellipsis), np.ufunc)
REFUSALS = (TypeError, ValueError, NotImplementedError, AttributeError, IndexError, BufferError)


class Loss(Exception):
    """A derivative was dropped, or is wrong."""


def leaves(result):
    """Yield the numbers and arrays in a result, however nested; masked arrays and polynomials by their data."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, np.ma.MaskedArray):
        result = result.filled(0)
    if isinstance(result, (list, tuple)):
        for item in result:
            yield from leaves(item)
    elif isinstance(result, np.ndarray) and result.dtype == object:
        for item in result.ravel():
            yield from leaves(item)
    elif isinstance(result, (np.ndarray, np.void)) and result.dtype.names:
        for name in result.dtype.names:
            yield from leaves(result[name])
    elif not isinstance(result, TEXT) and not callable(result):
        yield result


def is_number(leaf):
    return isinstance(leaf, (int, float, complex, np.ndarray, np.generic)) or hasattr(leaf, "tangent")


def judge(code, names, moved, level, step):
    """Evaluate one call for duals and compare with the central difference; return what happened as one word."""
    from dualnum import _core

    try:
        result = eval(code, names)
    except REFUSALS as error:
        return "refused " + type(error).__name__
    plain = []
    for plus_or_minus in (moved(step), moved(-step)):
        try:
            plain.append([leaf for leaf in leaves(eval(code, plus_or_minus)) if is_number(leaf)])
        except REFUSALS:
            return "accepted what NumPy refuses"
    duals = [leaf for leaf in leaves(result) if is_number(leaf)]
    if len(duals) != len(plain[0]):
        raise Loss(f"{len(duals)} results, float64 gives {len(plain[0])}")
    word = "exact"
    for got, high, low in zip(duals, *plain, strict=True):
        kinds = np.result_type(got).kind if not hasattr(np.result_type(got), "levels") else "dual"
        if kinds in "biuSUO":
            word = "whole"
            continue
        difference = (np.asarray(high, complex) - np.asarray(low, complex)) / (2 * step)
        tangent = _core.split(got, level)[1] if kinds == "dual" else None
        tangent = np.zeros(np.shape(got)) if tangent is None else np.asarray(tangent, float)[..., 0]
        if np.shape(got) != np.shape(high):
            raise Loss(f"shape {np.shape(got)}, float64 gives {np.shape(high)}")
        scale = 1 + np.abs(difference)
        if not (np.abs(tangent - difference) <= 1e-5 * scale).all():
            raise Loss(f"tangent {tangent!r}, difference {difference!r}, type {np.result_type(got)}")
        if kinds == "dual" and not np.allclose(
            _core.value(got), (np.asarray(high) + np.asarray(low)) / 2, rtol=1e-8, atol=1e-8
        ):
            raise Loss("the value is wrong")
    return word


def inputs(subok):
    """Return a function that makes the duals, one that makes moved plain arrays, and the level."""
    import io

    from dualnum import _core

    draw = np.random.default_rng(42)
    level = _core.Level()
    values = {
        "x": draw.permutation(np.linspace(0.36, 1.91, 6)),
        "y": draw.permutation(np.linspace(0.41, 1.7, 6)),
    }
    values |= {
        "a": draw.uniform(0.2, 1.8, (4, 4)) + 2 * np.eye(4),
        "b": draw.uniform(0.2, 1.8, (4, 4)) + 2 * np.eye(4),
        "s": np.array(1.3),
    }
    tangents = {name: draw.uniform(-1, 1, value.shape) for name, value in values.items()}
    plain = {
        "v": draw.permutation(np.linspace(0.55, 1.65, 6)),
        "w": draw.uniform(0.5, 2, 6),
        "m": draw.uniform(0.2, 1.8, (4, 4)) + 2 * np.eye(4),
    }

    def common():
        return {"np": np, "sink": io.BytesIO, **{name: value.copy() for name, value in plain.items()}}

    def duals():
        made = {n: _core.seed_tangents(values[n], level, tangents[n][..., None], subok=subok) for n in values}
        return common() | made | {"s": made["s"][()]}

    def moved(step):
        made = {n: values[n] + step * tangents[n] for n in values}
        return common() | made | {"s": made["s"][()]}

    return duals, moved, level


def main(subok, first, stop):
    """Judge the calls `first` to `stop`, one line each; a crash leaves the last line without a verdict."""
    import warnings

    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    duals, moved, level = inputs(subok)
    for number in range(first, stop):
        sys.stdout.write(f"{number}\t")
        sys.stdout.flush()
        try:
            verdict = judge(CALLS[number], duals(), moved, level, 1e-6)
        except Loss as loss:
            verdict = f"LOSS {loss}"
        except Exception as error:  # what a caller could not expect
            verdict = f"ERROR {type(error).__name__}: {error}"
        sys.stdout.write(" ".join(verdict.split()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1] == "DualArray", int(sys.argv[2]), int(sys.argv[3]))
