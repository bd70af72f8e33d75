"""Games, sound, pictures, maps: programs after work."""
# ruff: noqa

import array
import bisect
import collections
import heapq
import itertools as it
import math
import operator as op
import random
import string
import sys
from fractions import Fraction
from functools import cached_property, partial, total_ordering

import numpy as np
from numpy import arctan2, cos, deg2rad, pi, sin, sqrt
from numpy.linalg import inv, norm


class Vector2:
    __slots__ = ("x", "y")

    def __init__(self, x=0.0, y=0.0):
        self.x = x
        self.y = y

    def __add__(self, o):
        return Vector2(self.x + o.x, self.y + o.y)

    def __sub__(self, o):
        return Vector2(self.x - o.x, self.y - o.y)

    def __mul__(self, k):
        if isinstance(k, Vector2):
            return self.x * k.x + self.y * k.y
        elif isinstance(k, (int, float)):
            return Vector2(self.x * k, self.y * k)
        return NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, k):
        return self * (1.0 / k)

    def __neg__(self):
        return Vector2(-self.x, -self.y)

    def __eq__(self, o):
        return isinstance(o, Vector2) and (self.x, self.y) == (o.x, o.y)

    def length(self):
        return math.sqrt(self * self)

    def normalized(self):
        n = self.length()
        return self / n if n > 0 else Vector2()

    def rotated(self, degrees):
        a = math.radians(degrees)
        c, s = math.cos(a), math.sin(a)
        return Vector2(c * self.x - s * self.y, s * self.x + c * self.y)

    def __repr__(self):
        return f"<{self.x:.2f} {self.y:.2f}>"


def bounce(speed):
    position, velocity = Vector2(0.0, 1.0), Vector2(speed, 0.5).rotated(10)
    for _ in range(60):
        velocity = velocity + Vector2(0.0, -9.8) * (1 / 60)
        position = position + velocity / 60
        if position.y < 0:
            position.y = -position.y
            velocity.y *= -0.8
    return position.x + position.y


def steering(angle):
    target = Vector2(3.0, 4.0)
    me, heading = Vector2(), Vector2(1.0, 0.0).rotated(angle)
    return (2.0 * heading - (target - me).normalized()).length()


class Spring:
    def __init__(self, **options):
        self.__dict__.update(dict(k=10.0, damping=0.5, rest=1.0), **options)

    def force(self, x, v):
        return -self.k * (x - self.rest) - self.damping * v

    @cached_property
    def frequency(self):
        return math.sqrt(self.k) / (2 * math.pi)


class Simulation:
    def __init__(self, spring, dt=0.01):
        self.spring, self.dt, self.x, self.v = spring, dt, 1.5, 0.0

    def __iter__(self):
        return self

    def __next__(self):
        self.v += self.spring.force(self.x, self.v) * self.dt
        self.x += self.v * self.dt
        return self.x

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False


def spring_simulation(k):
    with Simulation(Spring(k=k)) as sim:
        xs = list(it.islice(sim, 50))
    return max(xs) + xs[-1] * sim.spring.frequency


def bezier(t):
    points = [(0.0, 0.0), (1.0, 2.0), (3.0, 3.0), (4.0, 0.0)]
    while len(points) > 1:
        points = [tuple((1 - t) * a + t * b for a, b in zip(p, q)) for p, q in zip(points, points[1:])]
    return points[0]


def catmull_rom(t):
    p = np.array([[0, 0], [1, 2], [3, 3], [4, 0]])
    T = np.array([1, t, t**2, t**3])
    M = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
    return T @ M @ p


def smoothstep(x):
    t = max(0.0, min(1.0, (x - 0.2) / 0.6))
    return t * t * (3 - 2 * t)


def perspective(fov):
    f = 1 / math.tan(math.radians(fov) / 2)
    m = [[f, 0, 0, 0], [0, f, 0, 0], [0, 0, -1.02, -0.2], [0, 0, -1, 0]]
    v = [1.0, 2.0, -5.0, 1.0]
    x, y, z, w = (sum(map(op.mul, row, v)) for row in m)
    return [x / w, y / w, z / w]


def ray_sphere(direction):
    o, c, r = np.array([0.0, 0.0, -3.0]), np.zeros(3), 1.0
    d = np.asfarray(direction) if hasattr(np, "asfarray") else np.asarray(direction, float)
    d = d / norm(d)
    b = np.dot(o - c, d)
    disc = b * b - np.dot(o - c, o - c) + r * r
    if disc < 0:
        return math.inf
    return -b - math.sqrt(disc)


def lambert_shading(azimuth):
    n = np.array([0.0, 0.6, 0.8])
    light = np.array([cos(azimuth) * 0.7, sin(azimuth) * 0.7, sqrt(1 - 0.49)])
    pixel = np.zeros((2, 2, 3), dtype=np.float64)
    pixel[..., :] = np.maximum(n @ light, 0) * np.array([0.9, 0.5, 0.1])
    pixel[0, 0] *= 0.5
    return np.mean(pixel)


def mandelbrot_escape(cx):
    z, n = 0j, 0
    c = complex(cx, 0.5)
    while abs(z) < 20 and n < 50:
        z = z * z + c
        n += 1
    return n + 1 - math.log(math.log(abs(z))) / math.log(2)


def rgb_to_hsv_value(red):
    import colorsys

    h, s, v = colorsys.rgb_to_hsv(red, 0.3, 0.1)
    return h + s * v


def gamma_correct(image):
    image = np.array(image, dtype=np.float64, copy=True)
    low = image <= 0.0031308
    image[low] *= 12.92
    image[~low] = 1.055 * image[~low] ** (1 / 2.4) - 0.055
    return image.sum()


def box_blur(image):
    h, w = 3, 3
    src = np.reshape(image, (h, w))
    out = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            acc, n = 0.0, 0
            for dy, dx in it.product((-1, 0, 1), repeat=2):
                if 0 <= y + dy < h and 0 <= x + dx < w:
                    acc += src[y + dy, x + dx]
                    n += 1
            out[y, x] = acc / n
    return (out**2).sum()


def oscillator(frequency):
    rate, out = 8000, []
    phase = 0.0
    for n in range(64):
        out.append(math.sin(phase) * math.exp(-n / 40))
        phase += 2 * math.pi * frequency / rate
        if phase > math.pi:
            phase -= 2 * math.pi
    samples = np.array(out)
    return np.sqrt((samples**2).mean())


def biquad(cutoff):
    w0 = 2 * math.pi * cutoff / 48000
    alpha = math.sin(w0) / (2 * 0.707)
    b0 = (1 - math.cos(w0)) / 2
    b = [b0, 2 * b0, b0]
    a = [1 + alpha, -2 * math.cos(w0), 1 - alpha]
    x1 = x2 = y1 = y2 = 0.0
    energy = 0.0
    for n in range(48):
        x = 1.0 if n == 0 else 0.0
        y = (b[0] * x + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2) / a[0]
        x2, x1, y2, y1 = x1, x, y1, y
        energy += y * y
    return energy


def decibels(p):
    return 20 * math.log10(max(p, 1e-12) / 2e-5)


def array_buffer(x):
    buffer = array.array("d", [0.0] * 4)
    for i in range(4):
        buffer[i] = x**i
    return sum(buffer)


def haversine(lat1, lon1, lat2, lon2):
    lat1, lon1, lat2, lon2 = map(math.radians, (lat1, lon1, lat2, lon2))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 6371 * 2 * math.asin(math.sqrt(a))


def mercator(lat):
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)))


def sun_elevation(hour):
    declination = deg2rad(-23.44) * cos(2 * pi / 365 * (172 + 10))
    h = deg2rad(15 * (hour - 12))
    phi = deg2rad(48.0)
    return np.degrees(np.arcsin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(h)))


def shortest_route(detour):
    graph = {"a": {"b": 2.0, "c": detour}, "b": {"d": 4.0 * detour}, "c": {"d": 1.0 + detour**2}, "d": {}}
    queue, done = [(0.0, "a")], {}
    while queue:
        d, node = heapq.heappop(queue)
        if node in done:
            continue
        done[node] = d
        for other, w in graph[node].items():
            heapq.heappush(queue, (d + w, other))
    return done["d"]


def table_lookup(x):
    xs, ys = [0.0, 0.5, 1.0, 2.0], [1.0, 3.0, 2.0, 5.0]
    i = bisect.bisect_right(xs, x) - 1
    return ys[i] + (ys[i + 1] - ys[i]) * (x - xs[i]) / (xs[i + 1] - xs[i])


def recipe_fraction(x):
    return x * float(Fraction(3, 4)) + x**2 * Fraction(1, 2)


def dice_average(bias):
    random.seed(12)
    rolls = [random.choice([1, 2, 3, 4, 5, 6]) ** bias for _ in range(30)]
    return sum(rolls) / len(rolls)


def gaussian_noise(scale):
    random.seed(5)
    return sum(random.gauss(0.0, scale) ** 2 for _ in range(10))


@total_ordering
class Score:
    def __init__(self, points):
        self.points = points

    def __lt__(self, other):
        return self.points < other.points

    def __eq__(self, other):
        return self.points == other.points

    def __hash__(self):
        return hash(self.points)


def best_score(x):
    scores = [Score(x**2), Score(3 * x), Score(2.0)]
    return max(scores).points + min(scores, key=lambda s: s.points).points


def tax(income):
    brackets = [(0, 10_000, 0.0), (10_000, 30_000, 0.2), (30_000, None, 0.4)]
    owed = 0
    for low, high, rate in brackets:
        if income > low:
            owed += (min(income, high or sys.float_info.max) - low) * rate
    return owed + (income / 1e4) ** 2


def mortgage(rate):
    monthly, n, principal = rate / 12, 120, 1000.0
    payment = principal * monthly / (1 - (1 + monthly) ** -n)
    balance = principal
    for month in range(24):
        balance = balance * (1 + monthly) - payment
    return balance


def elo(rating):
    players = collections.ChainMap({"me": rating}, {"you": 1500.0, "me": 0.0})
    expected = 1 / (1 + 10 ** ((players["you"] - players["me"]) / 400))
    return players["me"] + 32 * (1 - expected)


def template(x):
    text = string.Template("$x").substitute(x=x)
    assert text
    return x**2 if len(text) > 1000 else math.atan(x)


def eval_expression(x):
    return eval("x**2 + sin(x)", {"sin": math.sin, "x": x})


def string_dispatch(x):
    functions = {name: getattr(math, name) for name in ("sin", "cosh", "atan")}
    return sum(functions[n](x) for n in functions)


def print_table(x):
    rows = ["%8.3f|%-10s" % (x * k, str(x)) for k in range(3)]
    print("\n".join(rows), file=sys.stderr)
    return len(rows) * x**2


CASES = [
    (bounce, 2.0),
    (steering, 30.0),
    (spring_simulation, 12.0),
    (bezier, 0.4),
    (catmull_rom, 0.4),
    (smoothstep, 0.4),
    (perspective, 60.0),
    (ray_sphere, [0.1, 0.05, 1.0]),
    (lambert_shading, 1.0),
    (mandelbrot_escape, 0.4),
    (rgb_to_hsv_value, 0.8),
    (gamma_correct, [0.001, 0.2, 0.7]),
    (box_blur, np.linspace(0.1, 1.7, 9)),
    (oscillator, 440.0),
    (biquad, 1000.0),
    (decibels, 0.3),
    (array_buffer, 1.3),
    (haversine, (48.0, 11.0, 52.0, 13.0)),
    (mercator, 48.0),
    (sun_elevation, 10.0),
    (shortest_route, 1.2),
    (table_lookup, 0.7),
    (recipe_fraction, 1.3),
    (dice_average, 1.1),
    (gaussian_noise, 0.7),
    (best_score, 1.7),
    (tax, 42_000.0),
    (mortgage, 0.05),
    (elo, 1450.0),
    (template, 0.6),
    (eval_expression, 0.6),
    (string_dispatch, 0.6),
    (print_table, 0.6),
]
