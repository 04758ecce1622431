"""tuibp from Python: build a network or open a file, walk through its training, read every tensor.

    import tuibp

    s = tuibp.open("xor")               # a sample, or the path of a network file
    s.run("e0.b0.s0.cost")              # to a position, forward or back
    print(s["a[2]"], s["y"])
    s.step()                            # compute the next line: the cost
    print(s["cost"])
    s.run("e0.b0.update")
    print(s["gW[2]"], s["W[2][0,1]"])   # the batch's gradient, and a weight before its update
    s.back()                            # undo a step

    x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    recipe = tuibp.build(x, y, layers=[(3, "tanh"), (1, "sigmoid")], lr=1.0, epochs=50)
    s = tuibp.session(recipe)

    c = tuibp.command_line(s)           # the debugger's command line: text in, text out
    c.execute("break update if epoch == 2")
    print(c.execute("continue").lines[0])

What has not been computed at a position cannot be read there: the error says which operation writes it. Every fault
that can be mended is a `tuibp.errors.TuibpError`. `Session` has more: see `tuibp.debugger.session`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuibp.debugger.session import Session
from tuibp.engine.build import build
from tuibp.engine.recipe import Recipe
from tuibp.engine.text import quoted
from tuibp.errors import InputError

if TYPE_CHECKING:
    from tuibp.console.console import Console

__all__ = ["build", "command_line", "open", "session"]


def open(source: str | os.PathLike[str], *, threads: int | None = None) -> Session:
    """A session at the start of the run of a network file.

    Args:
        source: the path of a network file, or the bare name of a sample such as "xor".
        threads: of BLAS, in the whole process; None takes `TUIBP_THREADS`, or one where that is not set. With another
            number the last bits of wide networks may differ.

    Raises:
        TuibpError: the file cannot be found, read or understood.
    """
    from tuibp.cli.files import open_recipe

    _limit(threads)
    return Session(open_recipe(os.fspath(source)))


def session(recipe: Recipe, *, threads: int | None = None) -> Session:
    """A session at the start of the run of a recipe that `build` has made.

    Args:
        threads: as for `open`.

    Raises:
        InputError: that is not a recipe, or no number of threads.
    """
    if not isinstance(recipe, Recipe):
        raise InputError(
            f"{quoted(recipe)} is not a recipe", hint="tuibp.build makes one; tuibp.open takes a file or a sample"
        )
    _limit(threads)
    return Session(recipe)


def command_line(session: Session) -> Console:
    """The command line of the debugger on a session: `execute` carries out a line and gives its answer.

    Raises:
        InputError: that is not a session.
    """
    if not isinstance(session, Session):
        raise InputError(f"{quoted(session)} is not a session", hint='tuibp.command_line(tuibp.open("xor"))')
    from tuibp.console.console import Console

    return Console(session)


def _limit(threads: int | None) -> None:
    from tuibp.cli.environment import checked, prepare

    prepare(None if threads is None else checked(threads, "threads"))
