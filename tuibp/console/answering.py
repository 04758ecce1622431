"""What all questions have in common: the cell that is asked about, and an answer with links."""

from __future__ import annotations

import math

from tuibp.console.console import Console
from tuibp.console.explained import explained
from tuibp.console.reply import Reply, Request
from tuibp.debugger.names import TENSORS, CellRef, parse_cell
from tuibp.errors import NameInputError
from tuibp.explain.why.links import Link


def asked_cell(console: Console, text: str) -> CellRef:
    """A cell by name; what has several cells wants one of them.

    Raises:
        NameInputError: there is none, or it is no single cell.
    """
    ref = parse_cell(text, console.session.recipe.network)
    if ref.name in TENSORS and not ref.index:
        shape = TENSORS[ref.name].shape(console.session.recipe.network, ref.layer or 0)
        zeros = ",".join("0" for _ in shape)
        raise NameInputError(f"{ref} has {math.prod(shape)} cells", hint=f"name one, such as {ref}[{zeros}]")
    return ref


def answered(
    console: Console, request: Request, lines: list[tuple[str, int]], links: list[Link], values: dict[str, object]
) -> Reply:
    """The answer goes to the transcript and to the pane; its links can be followed."""
    question = f"{request.name} {request.argument}".strip()
    console.explained = explained(question, console.session.position.name, lines, links)
    told = [*(text for text, _ in lines)]
    if links:
        told.append("follow N goes to where that was written; follow goes back.")
    return Reply(tuple(told), values={"explained": True, "links": [plain(one) for one in links], **values})


def plain(one: Link) -> dict[str, object]:
    return {"cell": str(one.cell), "t": one.t, "sample": one.sample}
