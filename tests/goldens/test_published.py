"""Every printed digit of the published worked examples is reproduced, and every known misprint stays wrong.

Both ways round: a misprint that the tool reproduced would mean that the tool shares the mistake.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.goldens.published import PUBLISHED, Check, Example, Misprint
from tuibp.debugger.location import parse_position
from tuibp.debugger.names import parse_cell
from tuibp.debugger.session import Session
from tuibp.formats.network_file import load


def value_after(session: Session, after: str, cell: str) -> float:
    """The value of a cell once the operation `after` has been executed."""
    session.go(parse_position(after, session.clock) + 1)
    name = parse_cell(cell, session.recipe.network)
    view = session.view()
    if name.layer is None and not name.index:
        scalar = view.scalar(name.name)
        assert scalar is not None
        return float(scalar)
    array = view.get(name.name, name.layer)
    assert array is not None, view.why_undefined(name.name, name.layer)
    return float(array[name.index])


def matches(value: float, printed: str) -> bool:
    """Whether a value rounds to what is printed: within half a unit of the last printed place, and a hair for ties."""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(value - float(printed)) <= 0.5 * 10.0**exponent * (1 + 1e-6)


def session_of(example: Example) -> Session:
    """The example, opened from its network file."""

    def no_file(path: str) -> bytes:
        raise AssertionError(f"{example.name} asks for {path}")

    return Session(load(example.network.encode(), f"{example.name}.toml", no_file))


CHECKS = [(example, check) for example in PUBLISHED for check in example.checks]
MISPRINTS = [(example, misprint) for example in PUBLISHED for misprint in example.misprints]


@pytest.mark.parametrize(
    ("example", "check"), CHECKS, ids=lambda item: getattr(item, "name", getattr(item, "cell", ""))
)
def test_printed_digits(example: Example, check: Check) -> None:
    value = value_after(session_of(example), check.after, check.cell)
    assert matches(value, check.printed), f"{check.cell} after {check.after}: {value!r}, printed {check.printed}"


@pytest.mark.parametrize(
    ("example", "misprint"), MISPRINTS, ids=lambda item: getattr(item, "name", getattr(item, "cell", ""))
)
def test_misprints_stay_wrong(example: Example, misprint: Misprint) -> None:
    value = value_after(session_of(example), misprint.after, misprint.cell)
    assert matches(value, misprint.right)
    assert not matches(value, misprint.printed)


def test_mazur() -> None:
    """The two numbers that everybody knows: E = 0.274811083 + 0.023560026 and w5+ = 0.40 - 0.5 * 0.082167041."""
    session = session_of(next(example for example in PUBLISHED if "azur" in example.name))
    assert f"{value_after(session, 'e0.b0.s0.cost', 'cost'):.9f}" == "0.298371109"
    assert f"{value_after(session, 'e0.b0.update', 'W[2][0,0]'):.8f}" == "0.35891648"
