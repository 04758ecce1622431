"""What is said first, where a session is taken up again: what lies on the table."""

from __future__ import annotations

from tuibp.console.console import Console


def beginning(console: Console) -> list[str]:
    """What is said first where there is no screen: the title, the place, and what lies on the table."""
    from tuibp.present.stopped import place_line

    session = console.session
    return list(filter(None, (session.recipe.title, place_line(session), taken_up(console))))


def taken_up(console: Console) -> str:
    """One sentence about a session that goes on; empty for one that begins."""
    if not console.resumed:
        return ""
    session = console.session
    things = {
        "timeline": len(session.timelines) - 1,
        "stop": len(session.stops.all),
        "display": len(console.displays),
        "mark": len(console.marks),
        "note": len(console.notes),
    }
    there = [f"{count} {'other ' * (name == 'timeline')}{name}{'s' * (count > 1)}" for name, count in things.items()
             if count]  # fmt: skip
    return f"The session goes on{': ' * bool(there)}{', '.join(there)}."
