"""Kinematics, filters and control."""
# ruff: noqa

import math
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, chain, pairwise

import numpy as np
from scipy.linalg import block_diag, expm, solve_continuous_are
from scipy.spatial.transform import Rotation


def rot2(theta):
    c, s = math.cos(theta), math.sin(theta)
    return np.array([[c, -s], [s, c]])


def rotate_point(theta):
    return np.dot(rot2(theta), np.array([1.0, 0.5]))


def two_link(q):
    x = 0.8 * math.cos(q[0]) + 0.5 * math.cos(q[0] + q[1])
    y = 0.8 * math.sin(q[0]) + 0.5 * math.sin(q[0] + q[1])
    return np.array([x, y])


def dh(theta, d, a, alpha):
    ct, st, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
    return np.array(
        [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0, sa, ca, d],
            [0, 0, 0, 1],
        ]
    )


def arm_position(q):
    table = [(0.3, 0.0, math.pi / 2), (0.0, 0.5, 0.0), (0.0, 0.4, 0.1)]
    T = np.eye(4)
    for qi, (d, a, alpha) in zip(q, table):
        T = T @ dh(qi, d, a, alpha)
    return T[:3, 3]


def arm_reduce(q):
    return reduce(np.dot, [dh(qi, 0.1, 0.4, 0.2) for qi in q])[0, 3]


def homogeneous(yaw):
    T = np.identity(4)
    T[:2, :2] = rot2(yaw)
    T[0, 3] = 1.0 + yaw
    return np.linalg.inv(T)[:3, 3]


def quaternion_to_matrix(q):
    q = np.array(q, dtype=float)
    q /= np.linalg.norm(q)
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


class Quaternion:
    def __init__(self, w, x, y, z):
        self.w, self.x, self.y, self.z = w, x, y, z

    def __mul__(self, o):
        return Quaternion(
            self.w * o.w - self.x * o.x - self.y * o.y - self.z * o.z,
            self.w * o.x + self.x * o.w + self.y * o.z - self.z * o.y,
            self.w * o.y - self.x * o.z + self.y * o.w + self.z * o.x,
            self.w * o.z + self.x * o.y - self.y * o.x + self.z * o.w,
        )

    def conjugate(self):
        return Quaternion(self.w, -self.x, -self.y, -self.z)

    @classmethod
    def from_angle(cls, angle):
        return cls(math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2))


def quaternion_rotate(angle):
    q = Quaternion.from_angle(angle)
    p = q * Quaternion(0, 1.0, 2.0, 3.0) * q.conjugate()
    return [p.x, p.y, p.z]


class Vec:
    def __init__(self, *xs):
        self.xs = [float(x) for x in xs]

    def __add__(self, other):
        return Vec(*(a + b for a, b in zip(self, other)))

    def __getitem__(self, i):
        return self.xs[i]

    def __iter__(self):
        return iter(self.xs)

    def __len__(self):
        return len(self.xs)

    def __abs__(self):
        return math.sqrt(sum(x * x for x in self))

    def __matmul__(self, other):
        return math.fsum(a * b for a, b in zip(self.xs, other.xs))


def vector_class(x):
    v = Vec(x, 2.0) + Vec(1.0, x**2)
    return abs(v) + v @ Vec(x, 1.0) + v[0]


class KalmanFilter:
    def __init__(self, q, r):
        self.x = np.zeros((2, 1))
        self.P = np.eye(2)
        self.F = np.array([[1.0, 0.1], [0.0, 1.0]])
        self.H = np.array([[1.0, 0.0]])
        self.Q = np.diag([q, q])
        self.R = np.array([[r]])

    def predict(self):
        self.x = np.dot(self.F, self.x)
        self.P = np.dot(np.dot(self.F, self.P), self.F.T) + self.Q

    def update(self, z):
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        self.x = self.x + K * (z - (self.H @ self.x)[0, 0])
        self.P = (np.eye(2) - K @ self.H) @ self.P


def kalman_estimate(q, r):
    kf = KalmanFilter(q, r)
    for z in [0.1, 0.25, 0.2, 0.45, 0.5]:
        kf.predict()
        kf.update(z)
    return kf.x[0, 0]


def pid_simulation(kp):
    integral = previous = position = velocity = 0.0
    log = []
    for step in range(80):
        error = 1.0 - position
        integral += error * 0.02
        derivative = (error - previous) / 0.02 if step else 0.0
        u = kp * error + 0.5 * integral + 0.2 * derivative
        u = min(max(u, -20.0), 20.0)
        velocity += (u - 0.5 * velocity) * 0.02
        position += velocity * 0.02
        previous = error
        log.append({"t": step * 0.02, "e": error})
    return sum(row["e"] ** 2 for row in log)


def ik_newton(target):
    q = np.array([0.3, 0.9])
    for _ in range(25):
        p = two_link(q)
        J = np.zeros((2, 2))
        J[0, 0] = -0.8 * math.sin(q[0]) - 0.5 * math.sin(q[0] + q[1])
        J[0, 1] = -0.5 * math.sin(q[0] + q[1])
        J[1, 0] = 0.8 * math.cos(q[0]) + 0.5 * math.cos(q[0] + q[1])
        J[1, 1] = 0.5 * math.cos(q[0] + q[1])
        dq = np.linalg.solve(J, np.array(target) - p)
        q = q + dq
    return q


def path_length(y):
    points = [(0.0, 0.0), (1.0, y), (2.0, y / 2), (3.0, 0.0)]
    return sum(math.hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def odometry(turns):
    headings = list(accumulate(turns))
    x = sum(math.cos(h) for h in headings)
    y = sum(math.sin(h) for h in headings)
    return [x, y]


def imu_integration(bias):
    gyro = np.array([0.1, 0.2, 0.15, -0.1])
    angles = np.zeros_like(gyro)
    for i in range(1, gyro.size):
        angles[i] = angles[i - 1] + (gyro[i] - bias) * 0.1
    return np.sin(angles).sum()


def rodrigues(w):
    theta = np.linalg.norm(w)
    k = w / theta
    K = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * np.dot(K, K)


def matrix_exponential(w):
    return expm(np.array([[0.0, -w], [w, 0.0]]))[1, 0]


def scipy_rotation(angle):
    return Rotation.from_euler("z", angle).apply([1.0, 2.0, 3.0])


def lqr_gain(q):
    A = np.array([[0.0, 1.0], [0.0, -0.5]])
    B = np.array([[0.0], [1.0]])
    P = solve_continuous_are(A, B, np.diag([q, 1.0]), np.array([[1.0]]))
    return (B.T @ P).ravel()


def blocks(m):
    M = block_diag(np.array([[m, 0.1], [0.1, m]]), [[2.0 * m]])
    return np.linalg.slogdet(M)[1]


@dataclass(frozen=True)
class Pose:
    x: float
    y: float
    heading: float

    def __matmul__(self, other):
        c, s = math.cos(self.heading), math.sin(self.heading)
        return Pose(
            self.x + c * other.x - s * other.y,
            self.y + s * other.x + c * other.y,
            self.heading + other.heading,
        )


def compose_poses(h):
    p = Pose(0.0, 0.0, h) @ Pose(1.0, 0.2, h / 2) @ Pose(0.5, 0.0, 0.0)
    return p.x * p.y


def wrap_angle(a):
    a = (a + math.pi) % (2 * math.pi) - math.pi
    while a > math.pi:
        a -= 2 * math.pi
    return a**2


def lidar_to_points(offset):
    ranges = [1.0, 1.2, 0.9, 2.0]
    pts = np.empty((0, 2))
    for i, r in enumerate(ranges):
        p = np.array([[(r + offset) * math.cos(i * 0.1), (r + offset) * math.sin(i * 0.1)]])
        pts = np.vstack((pts, p))
    return pts.mean(axis=0)


CASES = [
    (rotate_point, 0.4),
    (two_link, [0.3, 0.7]),
    (arm_position, np.array([0.3, -0.4, 0.8])),
    (arm_reduce, [0.1, 0.2, 0.3]),
    (homogeneous, 0.6),
    (quaternion_to_matrix, [0.9, 0.1, 0.3, -0.2]),
    (quaternion_rotate, 0.8),
    (vector_class, 1.2),
    (kalman_estimate, (0.01, 0.1)),
    (pid_simulation, 8.0),
    (ik_newton, [0.9, 0.6]),
    (path_length, 0.8),
    (odometry, [0.1, 0.2, -0.3]),
    (imu_integration, 0.02),
    (rodrigues, np.array([0.1, 0.4, -0.2])),
    (matrix_exponential, 0.7),
    (scipy_rotation, 0.3),
    (lqr_gain, 2.0),
    (blocks, 1.5),
    (compose_poses, 0.3),
    (wrap_angle, 4.0),
    (lidar_to_points, 0.05),
]
