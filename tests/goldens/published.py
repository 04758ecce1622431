"""Worked examples of backpropagation that others have published, as data: the network and every digit they print.

An oracle must not come from the code it judges, so nothing here was ever computed by tuibp: what is printed
stands in the source. Sources differ in convention, and only two things were changed to fit ours: weights are
written W[to][from], and where a source prints target - output and what follows from it, the sign is turned.
A digit that cannot be right is a `Misprint` with the right digits and the reason; sources that go on with
rounded numbers print such digits too. Where a source prints a double in full, its last digit or two, which
depend on the machine, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Check(NamedTuple):
    """A number that a source prints."""

    after: str
    """The name of an operation such as e0.b0.s0.fwd1.z; look once it has been executed."""
    cell: str
    """Such as cost, a[1][0], W[2][0,1]; delta[l] is db[l]."""
    printed: str
    """Right to half a unit in its last place."""


class Misprint(NamedTuple):
    """A number that a source prints and that is wrong."""

    after: str
    cell: str
    printed: str
    right: str
    """To as many places as are printed."""
    reason: str


@dataclass(frozen=True)
class Example:
    """One published worked example."""

    name: str
    citation: str
    network: str
    """The network file."""
    checks: tuple[Check, ...]
    misprints: tuple[Misprint, ...] = ()


def _network(data: str, layers: list[tuple[str, str, str]], cost: str, train: str) -> str:
    """A network file from the lines of its tables; a layer is (activation, W, b)."""
    tables = [
        f'[[layer]]\nunits = {b.count(",") + 1}\nactivation = "{activation}"\nW = {W}\nb = {b}\n'
        for activation, W, b in layers
    ]
    return "\n".join(
        [
            'tuibp = 1\ntitle = "published"\n',
            f"[data]\ninline = {{ {data} }}\n",
            *tables,
            f'[cost]\nkind = "{cost}"\nreduction = "sum"\n',
            f"[train]\n{train}\nshuffle = false\n",
        ]
    )


def _cells(after: str, tensor: str, printed: str) -> tuple[Check, ...]:
    """One check a cell: spaces part values, semicolons the rows of a matrix, _ is a cell that is not printed."""
    matrix = "W" in tensor
    return tuple(
        Check(after, f"{tensor}[{i},{j}]" if matrix else f"{tensor}[{j}]", value)
        for i, row in enumerate(printed.split(";"))
        for j, value in enumerate(row.split())
        if value != "_"
    )


STALE = "follows if the gradient of layer 1 is taken through the already updated W[2]"

MAZUR = Example(
    "mazur",
    'Matt Mazur, "A Step by Step Backpropagation Example", blog post of 17 March 2015, as revised later',
    _network(
        "x = [[0.05, 0.10]], y = [[0.01, 0.99]]",
        [
            ("sigmoid", "[[0.15, 0.20], [0.25, 0.30]]", "[0.35, 0.35]"),
            ("sigmoid", "[[0.40, 0.45], [0.50, 0.55]]", "[0.60, 0.60]"),
        ],
        "half-squared-error",
        "lr = 0.5\nepochs = 10001\nbatch = 1\ntrain-biases = false",
    ),
    (
        *_cells("e0.b0.s0.fwd1.z", "z[1]", "0.3775"),
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.593269992 0.596884378"),
        *_cells("e0.b0.s0.fwd2.z", "z[2]", "1.105905967"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.75136507 0.772928465"),
        Check("e0.b0.s0.cost", "cost", "0.298371109"),
        *_cells("e0.b0.s0.bwd2.dC_da", "dC_da[2]", "0.74136507"),
        *_cells("e0.b0.s0.bwd2.sp", "sp[2]", "0.186815602"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "0.138498562"),
        *_cells("e0.b0.s0.bwd2.dW", "dW[2]", "0.082167041"),
        *_cells("e0.b0.s0.bwd1.dC_da", "dC_da[1]", "0.036350306"),
        *_cells("e0.b0.s0.bwd1.sp", "sp[1]", "0.241300709"),
        *_cells("e0.b0.s0.bwd1.dW", "dW[1]", "0.000438568"),
        *_cells("e0.b0.update", "W[2]", "0.35891648 0.408666186; 0.511301270 0.561370121"),
        *_cells("e0.b0.update", "W[1]", "0.149780716 0.19956143; 0.24975114 0.29950229"),
        Check("e9999.b0.s0.cost", "cost", "0.0000351085"),  # the 10,000th forward pass
    ),
    (
        Misprint("e1.b0.s0.cost", "cost", "0.291027924", "0.291027774", STALE),
        Misprint("e10000.b0.s0.fwd2.a", "a[2][0]", "0.015912196", "0.015913620", STALE),
        Misprint("e10000.b0.s0.fwd2.a", "a[2][1]", "0.984065734", "0.984064274", STALE),
    ),
)

HAN_KAMBER = Example(
    "han-kamber",
    "J. Han, M. Kamber, Data Mining: Concepts and Techniques, the example of learning by backpropagation",
    _network(
        "x = [[1, 0, 1]], y = [[1]]",
        [
            ("sigmoid", "[[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]]", "[-0.4, 0.2]"),
            ("sigmoid", "[[-0.3, -0.2]]", "[0.1]"),
        ],
        "half-squared-error",
        "lr = 0.9\nepochs = 1\nbatch = 1",
    ),
    (
        *_cells("e0.b0.s0.fwd1.z", "z[1]", "-0.7 0.1"),
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.332 0.525"),
        *_cells("e0.b0.s0.fwd2.z", "z[2]", "-0.105"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.474"),
        *_cells("e0.b0.s0.bwd1.db", "delta[1]", "0.0087 0.0065"),
        *_cells("e0.b0.update", "W[2]", "-0.261 -0.138"),
        *_cells("e0.b0.update", "W[1]", "0.192 0.4 -0.508; -0.306 0.1 0.194"),
        *_cells("e0.b0.update", "b[1]", "-0.408 0.194"),
        *_cells("e0.b0.update", "b[2]", "0.218"),
    ),
    (Misprint("e0.b0.s0.bwd2.db", "delta[2][0]", "-0.1311", "-0.1312", "from the rounded output 0.474"),),
)

HAGAN = Example(
    "hagan",
    "M. Hagan, H. Demuth, M. Beale, Neural Network Design, chapter 11, the example of one step (page 11-14 on)",
    _network(
        "x = [[1]], y = [[1.7071067811865475]]",  # 1 + sin(pi / 4)
        [("sigmoid", "[[-0.27], [-0.41]]", "[-0.48, -0.13]"), ("identity", "[[0.09, -0.17]]", "[0.48]")],
        "squared-error",
        "lr = 0.1\nepochs = 1\nbatch = 1",
    ),
    (
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.321 0.368"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.446"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "-2.522"),
        *_cells("e0.b0.s0.bwd1.db", "delta[1]", "-0.0495 0.0997"),
        *_cells("e0.b0.update", "W[2]", "0.171 -0.0772"),
        *_cells("e0.b0.update", "b[2]", "0.732"),
        *_cells("e0.b0.update", "W[1]", "-0.265; -0.420"),
        *_cells("e0.b0.update", "b[1]", "-0.475 -0.140"),
    ),
)

NEGNEVITSKY = Example(
    "negnevitsky",
    "M. Negnevitsky, Artificial Intelligence: A Guide to Intelligent Systems, section 6.4; thresholds are -b",
    _network(
        "x = [[1, 1]], y = [[0]]",
        [("sigmoid", "[[0.5, 0.4], [0.9, 1.0]]", "[-0.8, 0.1]"), ("sigmoid", "[[-1.2, 1.1]]", "[-0.3]")],
        "half-squared-error",
        "lr = 0.1\nepochs = 1\nbatch = 1",
    ),
    (
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.5250 0.8808"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.5097"),
        *_cells("e0.b0.s0.bwd2.dC_da", "dC_da[2]", "0.5097"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "0.1274"),
        *_cells("e0.b0.s0.bwd1.db", "delta[1]", "-0.0381 0.0147"),
        *_cells("e0.b0.update", "uW[2]", "-0.0067 -0.0112"),
        *_cells("e0.b0.update", "uW[1]", "0.0038 0.0038; -0.0015 -0.0015"),
        *_cells("e0.b0.update", "W[1]", "0.5038 0.4038; 0.8985 0.9985"),
        *_cells("e0.b0.update", "W[2]", "-1.2067 1.0888"),
        *_cells("e0.b0.update", "b[1]", "-0.7962 0.0985"),
        *_cells("e0.b0.update", "b[2]", "-0.3127"),
    ),
)

MACLEOD = Example(
    "macleod",
    "C. MacLeod, An Introduction to Practical Neural Networks and Genetic Algorithms, worked example 3.1",
    _network(
        "x = [[0.35, 0.9]], y = [[0.5]]",
        [("sigmoid", "[[0.1, 0.8], [0.4, 0.6]]", "[0, 0]"), ("sigmoid", "[[0.3, 0.9]]", "[0]")],
        "half-squared-error",
        "lr = 1.0\nepochs = 2\nbatch = 1\ntrain-biases = false",
    ),
    (
        *_cells("e0.b0.s0.fwd1.z", "z[1]", "0.755 0.68"),
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.68 0.6637"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.69"),
        *_cells("e0.b0.s0.bwd2.dC_da", "dC_da[2]", "0.19"),
    ),
    (
        Misprint("e0.b0.s0.bwd2.db", "delta[2][0]", "0.0406", "0.0407", "from the rounded output 0.69"),
        Misprint("e0.b0.update", "W[2][0,0]", "0.272392", "0.272326", "from the rounded delta"),
        Misprint("e0.b0.update", "W[2][0,1]", "0.87305", "0.87300", "from the rounded delta"),
        Misprint("e0.b0.s0.bwd1.db", "delta[1][0]", "0.002406", "0.002654", STALE),
        Misprint("e0.b0.s0.bwd1.db", "delta[1][1]", "0.007916", "0.008172", STALE),
        Misprint("e0.b0.update", "W[1][0,0]", "0.09916", "0.09907", STALE),
        Misprint("e0.b0.update", "W[1][0,1]", "0.7978", "0.7976", STALE),
        Misprint("e0.b0.update", "W[1][1,0]", "0.3972", "0.3971", STALE),
        Misprint("e0.b0.update", "W[1][1,1]", "0.5928", "0.5926", STALE),
        Misprint("e1.b0.s0.bwd2.dC_da", "dC_da[2][0]", "0.18205", "0.18202", "with those weights"),
    ),
)

HMKCODE = Example(
    "hmkcode",
    'hmkcode, "Backpropagation Step by Step", blog post; no biases, no activation functions',
    _network(
        "x = [[2, 3]], y = [[1]]",
        [("identity", "[[0.11, 0.21], [0.12, 0.08]]", "[0, 0]"), ("identity", "[[0.14, 0.15]]", "[0]")],
        "half-squared-error",
        "lr = 0.05\nepochs = 2\nbatch = 1\ntrain-biases = false",
    ),
    (
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.85 0.48"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.191"),
        Check("e0.b0.s0.cost", "cost", "0.327"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "-0.809"),
        *_cells("e0.b0.update", "W[2]", "0.17 0.17"),
        *_cells("e0.b0.update", "W[1]", "0.12 0.23; 0.13 0.10"),
        *_cells("e1.b0.s0.fwd2.a", "a[2]", "0.26"),
    ),
)

SCHIENDORFER = Example(
    "schiendorfer",
    'A. Schiendorfer, "A worked example of backpropagation", blog post of February 2020',
    _network(
        "x = [[3, 1], [-1, 4]], y = [[1, 0], [0, 1]]",
        [
            ("sigmoid", "[[6, -2], [-3, 5]]", "[0, 0]"),
            ("sigmoid", "[[1, 0.25], [-2, 2]]", "[0, 0]"),
        ],
        "squared-error",
        "lr = 0.5\nepochs = 201\nbatch = 2\ntrain-biases = false",
    ),
    (
        *_cells("e0.b0.s0.fwd1.z", "z[1]", "16.0"),
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "0.99999988746484"),
        *_cells("e0.b0.s0.fwd2.a", "a[2]", "0.73194171 0.12303186"),
        Check("e0.b0.s0.cost", "cost", "0.0869920825999478"),
        *_cells("e0.b0.s0.bwd2.dC_da", "dC_da[2]", "-0.536116573261022 0.246063711820029"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "-0.1051877 0.02654905"),
        *_cells("e0.b0.s0.bwd2.dW", "dW[2]", "-0.10518769 -0.00189193; 0.02654905 0.00047752"),
        *_cells("e0.b0.s0.bwd1.dC_da", "dC_da[1]", "-0.1582858 0.02680117"),
        *_cells("e0.b0.s0.bwd1.dW", "dW[1]", "-5.34381484e-8 -1.78127161e-8; 1.42014367e-3 4.73381224e-4"),
        Check("e0.b0.s1.cost", "cost", "0.33025203"),
        *_cells("e1.b0.s0.fwd2.a", "a[2]", "0.74165987 0.12162137"),
        Check("e1.b0.s0.cost", "cost", "0.08153138"),
        *_cells("e1.b0.s1.fwd2.a", "a[2]", "0.52811432 0.88207988"),
        Check("e1.b0.s1.cost", "cost", "0.29280989"),
        *_cells("e200.b0.s0.fwd2.a", "a[2]", "0.94607312 0.04903031"),
        *_cells("e200.b0.s1.fwd2.a", "a[2]", "0.05606368 0.95082381"),
    ),
    (
        Misprint("e0.b0.update", "W[2][0,0]", "1.06837185", "1.05259373", "a step of 0.65, not of 0.5"),
        Misprint("e0.b0.update", "W[2][0,1]", "0.07134767", "0.11257513", "a step of 0.65, not of 0.5"),
        Misprint("e0.b0.update", "W[2][1,0]", "-2.01725687", "-2.01327451", "a step of 0.65, not of 0.5"),
        Misprint("e0.b0.update", "W[2][1,1]", "2.01595986", "2.01227682", "a step of 0.65, not of 0.5"),
    ),
)

TRASK = Example(
    "trask",
    'A. Trask, "A Neural Network in 11 lines of Python", blog post of 12 July 2015',
    _network(
        "x = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], y = [[0], [0], [1], [1]]",
        # NumPy's legacy generator, seed 1
        [("sigmoid", "[[-0.16595599, 0.44064899, -0.99977125]]", "[0]")],
        "half-squared-error",
        "lr = 1.0\nepochs = 10000\nbatch = 4\ntrain-biases = false",
    ),
    (
        *_cells("e9999.b0.s0.fwd1.a", "a[1]", "0.00966449"),
        *_cells("e9999.b0.s1.fwd1.a", "a[1]", "0.00786506"),
        *_cells("e9999.b0.s2.fwd1.a", "a[1]", "0.99358898"),
        *_cells("e9999.b0.s3.fwd1.a", "a[1]", "0.99211957"),
    ),
)

SINGMAN = Example(
    "singman",
    'P. Singman, "Holding Your Hand Like a Small Child Through a Neural Network", parts 1 and 2, KDnuggets',
    _network(
        "x = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], y = [[0], [0], [1], [1]]",
        [("sigmoid", "[[0.39293837, -0.42772133, -0.54629709]]", "[0]")],
        "half-squared-error",
        "lr = 1.0\nepochs = 2\nbatch = 4\ntrain-biases = false",
    ),
    (
        *_cells("e0.b0.update", "W[1]", "0.67423821 -0.33473064 -0.40469539"),
        *_cells("e1.b0.s0.fwd1.z", "z[1]", "-0.40469539"),
        *_cells("e1.b0.s1.fwd1.z", "z[1]", "-0.73942603"),
        *_cells("e1.b0.s2.fwd1.z", "z[1]", "0.26954282"),
        *_cells("e1.b0.s3.fwd1.z", "z[1]", "-0.06518782"),
        *_cells("e1.b0.s0.fwd1.a", "a[1]", "0.40018475"),
        *_cells("e1.b0.s1.fwd1.a", "a[1]", "0.32312967"),
        *_cells("e1.b0.s2.fwd1.a", "a[1]", "0.56698066"),
        *_cells("e1.b0.s3.fwd1.a", "a[1]", "0.48370881"),
    ),
)

CS231N_NOTEBOOK = Example(
    "cs231n-notebook",
    'g-eoj, "cs231n Two-Layer Backprop Mathematics Example", notebook in the repository g-eoj/cs231n',
    _network(
        "x = [[16, -6]], y = [[0, 0, 1]]",
        [
            ("relu", "[[0.18, 0.1], [0.04, 0.22]]", "[0, 0]"),
            ("softmax", "[[0.19, -0.02], [-0.1, -0.01], [0.1, 0.04]]", "[0, 0, 0]"),
        ],
        "cross-entropy",
        "lr = 1.0\nepochs = 1\nbatch = 1",
    ),
    (
        *_cells("e0.b0.s0.fwd1.z", "z[1]", "2.28 -0.68"),
        *_cells("e0.b0.s0.fwd1.a", "a[1]", "2.28 0"),
        *_cells("e0.b0.s0.fwd2.z", "z[2]", "0.4332 -0.228 0.228"),
        Check("e0.b0.s0.cost", "cost", "1.051375468504"),
        *_cells("e0.b0.s0.bwd2.db", "delta[2]", "0.429052723714 0.221490524653 -0.650543248367"),
        *_cells("e0.b0.s0.bwd2.dW", "dW[2]", "_ 0; _ 0; -1.483238606277 0"),
        *_cells("e0.b0.s0.bwd1.dC_da", "dC_da[1]", "-0.005683359796 -0.036817689655"),
        *_cells("e0.b0.s0.bwd1.db", "delta[1]", "-0.005683359796 0"),
        *_cells("e0.b0.s0.bwd1.dW", "dW[1]", "-0.09093376 0.03410016; 0 0"),
    ),
    (
        Misprint("e0.b0.s0.bwd2.dW", "dW[2][0,0]", "0.978240210068", "0.978240210069", "from the rounded delta"),
        Misprint("e0.b0.s0.bwd2.dW", "dW[2][1,0]", "0.504998396209", "0.504998396208", "from the rounded delta"),
    ),
)

PUBLISHED = (
    MAZUR,
    HAN_KAMBER,
    HAGAN,
    NEGNEVITSKY,
    MACLEOD,
    HMKCODE,
    SCHIENDORFER,
    TRASK,
    SINGMAN,
    CS231N_NOTEBOOK,
)
"""All of them."""
