"""Every command on the command line: what it answers, and that one which cannot be carried out changes nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.console.some_lines import small
from tests.recipes import sized
from tuibp.console.actions import ACTIONS
from tuibp.console.completion import KINDS
from tuibp.console.console import Console
from tuibp.console.sessions import saved
from tuibp.debugger.commands import COMMANDS
from tuibp.debugger.saved import Saved
from tuibp.debugger.session import Session
from tuibp.errors import InputError, TuibpError

HAPPY = [
    ("step", "e0.b0.begin  t = 1 of 516"), ("step 3", "e0.b0.s0.fwd1.z  t = 3"), ("s", "t = 1"), ("next", "t = 1"),
    ("stepi 5", "t = 5 "), ("finish", "Finished epoch 0: ecost"), ("sample", "t = 1 "), ("batch 2", "e0.b2.begin"),
    ("epoch", "e1.shuffle"), ("until bwd 1", "e0.b0.s0.bwd1"), ("advance bwd 1", "e0.b0.s0.bwd1.dC_da"),
    ("goto e1", "e1.shuffle"),
    ("g 41%", "t = 211"), ("continue", "End of the run."), ("c", "End of the run."), ("back", "No place before"),
    ("forward", "No place after"), ("when", "e0.shuffle  t = 0 of 516"), ("mark a", "'a is e0.shuffle (t=0)."),
    ("marks", "No marks"), ("note why here", "Noted at e0.shuffle (t=0)."), ("notes", "No notes"),
    ("timeline", "-> 0  trunk   0 of 18 batches run"), ("timeline 0", "e0.shuffle"), ("diff 0", "no bit differs"),
    ("why W[1][0,0]", "initial value"), ("gradcheck", "All"),
    ("break bwd 1 if cost > 1", "Stop 1 is set: break bwd 1 if cost > 1"), ("b at e1", "Stop 1 is set: break at t=86"),
    ("tbreak update", "Stop 1 is set: tbreak update"), ("watch cost > 3", "Stop 1 is set: watch cost > 3"),
    ("catch vanish", "Stop 1 is set: catch vanish: mean(abs(gW[l])) < 1e-7"), ("catch nan", "the first operation"),
    ("watch cost > 3 do print y; when", "Stop 1 is set: watch cost > 3 do print y; when"),
    ("delete", "There are no stops"),
    ("disable", ""), ("enable", ""), ("print 1+1", "$1 = 1+1 = 2"), ("p/x 0.1", "= 0x1.999999999999ap-4"),
    ("p/3 1/3", "0.333"), ("p/e 1234", "e+03"), ("print/s W[1]", "shape (3, 2)"), ("p W[1]", "shape (3, 2)"),
    ("W[1][0,0]", "$1 = W[1][0,0] = "), ("W[1] == W[1]", "true"), ("display lr", "display 1: lr = "),
    ("display", "Nothing is displayed"), ("undisplay", ""), ("list", "for epoch"), ("list update", "update"),
    ("where", "#0"), ("frame 1", "Frame: run"), ("frame", "Frame: "), ("up", "Frame: run"), ("down", "Frame: "),
    ("info net", "layer"),
    ("info stops", "No stops"), ("info catches", "vanish"), ("i v", "No values yet"),
    ("find cost > 0", "Nowhere before here"), ("count cost > 0", "held 0 times"), ("set digits 8", "digits is 8"),
    ("set $x = 2", "$x = 2"), ("set lr = 0.1", "timeline 1 begins here: lr = 0.1 at e0.shuffle"),
    ("set W[1] = W[1] * 0", "W[1]: an array of shape (3, 2) -> an array of shape (3, 2)"),
    ("run with lr=0.2 seed=3", "Timeline 1 begins: lr = 0.2, seed = 3 from start."), ("show", "digits is 6"),
    ("assert 1 + 1 == 2", "assert holds: 1 + 1 == 2"), ("assert t < 1", "assert holds"),
    ("echo  hi # there", "hi # there"),
    ("apropos backward", "Nothing speaks of"), ("help", "Move:"), ("help step", "step [N]"), ("help norm", "Euclid"),
    ("help expressions", "tensors"), ("quit", ""), ("# nothing", ""), ("", ""), ("p 2 # two", "$1 = 2 = 2"),
]  # fmt: skip
"""From the beginning of the small network; each must say so."""

WRONG = [
    ("xyzzy", "no command and no variable"), ("cots > 1", "did you mean cost?"), ("re", "may be"),
    ("step 0", "not a count"),
    ("step W[1]", "not a count"), ("when now", "takes nothing"), ("goto", "goto what?"), ("goto e9", "no epoch"),
    ("goto 'z", "there is no mark 'z"), ("goto $3", "there is no value $3"), ("until zz", "no operation"),
    ("break", "break what?"), ("break bwd 9", "there is no layer 9"), ("break update if", "if what?"),
    ("break update if cost", "a condition is a test"), ("break at e99", "no epoch 99"), ("watch", "watch what?"),
    ("watch t > 3", "no operation writes"), ("catch", "catch what?"), ("catch nam", "did you mean nan?"),
    ("watch cost > 1 do step", "a logpoint cannot do"), ("watch cost > 1 do", "do what?"),
    ("delete 7", "there is no stop 7"), ("why", "why what?"), ("why W[1]", "name one, such as W[1][0,0]"),
    ("why cost", "not computed yet"), ("why small W[1]", "no gradient of a layer"), ("why zero W[1][0,0]", "is not 0"),
    ("why nan", "everything is finite"), ("follow", "no link has been followed"), ("follow 1", "no link to follow"),
    ("blame", "blame what?"), ("blame W[1][0,0]", "no batch has moved"), ("blame z[1][0]", "computed anew"),
    ("gradcheck z[1]", "cannot be checked"), ("gradcheck z[1][0]", "not computed yet"), ("why lr", "not computed from"),
    ("departure", "no code of yours"),
    ("delete 7 7", "there is no stop 7"), ("enable x", "there is no stop x"), ("print", "print what?"),
    ("print/q 1", "is no format"), ("print/99 1", "does not ask for"), ("step/3", "takes no format"),
    ("print cost", "not computed yet"), ("W[9]", "does not exist"), ("W[1][9,9]", "has no place"), ("W[1,2]", "W[2]"),
    ("W[1] + W[2]", "do not go together"), ("W[l]", "l stands for no layer"), ("display cots", "did you mean cost?"),
    ("frame 9", "there is no frame 9"), ("undisplay 3", "there is no display 3"), ("list zz", "no operation"),
    ("info", "info what?"),
    ("info zz", "there are net"),
    ("last lr", "no operation writes"), ("last cost", "has not changed before"), ("find W[1] > 0", "wrap it in any"),
    ("find/0 cost > 0", "is not how many"), ("count 3", "no operation writes"), ("set", "set what?"),
    ("set lr", "set what?"),
    ("set lr = -1", "lr cannot be"), ("set cost = 1", "cannot be set"), ("set a[1] = 1", "not computed yet"),
    ("set W[1] = W[2]", "cannot be set to 2x3"), ("set W[1][0,:] = 1", "a row cannot be set"),
    ("set lr = cost > 1", "comp"),
    ("set 3 = 4", "only a tensor"), ("set $ = 1", "no name for a value"), ("set digits 99", "out of range"),
    ("set lr = 1 > 0", "a test is no number"), ("run", "run what?"), ("run with", "run with what?"),
    ("run with zz=1", "no setting"), ("run with lr=W[1]", "is one number"), ("run with seed=nan", "cannot be nan"),
    ("run with batch=99", "cannot be 99"), ("timeline 4", "there is no timeline"), ("diff", "diff what?"),
    ("diff 0 1 2", "compares two"), ("mark 3", "no name for a mark"), ("mark", "mark what?"), ("note", "note what?"),
    ("source x", "cannot be read here"),
    ("load x", "nothing else can be opened here"), ("save", "cannot be saved here"), ("assert", "assert what?"),
    ("assert lr", "no test"), ("assert lr < 1 1e-3", "a tolerance wants"), ("assert (t > 1) == (t > 2)", "no number"),
    ("help zz", "no command"), ("p a\x1b[31m", "cannot be shown"), ("p 1\u202e", "cannot be shown"),
    ("p " + "1" * 600, "500"),
    ("p " + "(" * 60 + "1" + ")" * 60, "nested deeper"), ("x" * 2001, "at most 2000"), ("p $²", "means nothing here"),
    ("zoom", "no command"),
]  # fmt: skip


def everything(console: Console) -> tuple[Saved, object]:
    """All that a command could change."""
    return replace(saved(console), digests=()), console._last


@pytest.mark.parametrize(("line", "said"), HAPPY)
def test_what_a_command_says(line: str, said: str) -> None:
    assert said in "\n".join(small().execute(line).lines)


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_what_cannot_be_done_changes_nothing(line: str, said: str) -> None:
    console = small()
    before = everything(console)
    with pytest.raises(TuibpError) as caught:
        console.execute(line)
    assert said in str(caught.value)
    assert all(part.isprintable() for part in str(caught.value).split("\n"))
    assert everything(console) == before


def test_every_verb_has_an_action_and_every_action_a_verb() -> None:
    assert {row.verb for row in COMMANDS.values() if row.verb} == set(ACTIONS)
    for row in COMMANDS.values():
        assert not (row.verb and row.target), row.name
        assert {*row.takes} <= {*KINDS, "expression"}, row.name
    tried = {line.split()[0].split("/")[0] for line, _ in HAPPY if line}
    names = {row.name for row in COMMANDS.values() if row.typed and not row.name.startswith("reverse-")}
    assert names - tried <= {
        "last",
        "save",
        "source",
        "load",
        "follow",
        "blame",
        "departure",
    }  # they have tests of their own


def test_every_movement_backwards() -> None:
    for row in COMMANDS.values():
        if row.name.startswith("reverse-"):
            console = small()
            console.execute("goto e2.b1.s0.bwd1.dW")
            reply = console.execute(f"{row.name} {'bwd 1' if row.argument else ''}")
            assert reply.moved
            assert console.session.t < small().session.clock.total


def run(console: Console, *lines: str) -> list[str]:
    """What they answer, all of it."""
    return [line for one in lines for line in console.execute(one).lines]


def test_an_empty_line_repeats_movements_and_looks_and_nothing_else() -> None:
    console = small()
    run(console, "stepi 2", "")
    assert console.session.t == 4
    run(console, "print t", "")
    assert list(console.values) == [1, 2]
    for line in ("set $x = 1", "break update", "mark a", "note n", "echo e", "run with lr=0.1", "# no"):
        console.execute(line)
        before = console.commands
        assert console.execute("").lines == ()
        assert console.commands == before


def test_values_remember_their_place() -> None:
    console = small()
    run(console, "goto e1.b0.s0.cost", "p t", "goto e2", "p t + 1", "set $n = t")
    t = int(console.worth(1))
    assert run(console, "$1 + 0")[0].endswith(f"= {t}")
    assert run(console, "$$")[0].endswith(f"= {int(console.worth(2))}")
    assert run(console, "$n")[0].endswith(f"= {console.session.t}")
    run(console, "goto $1")
    assert console.session.t == t
    run(console, "goto $")
    assert console.session.t == small().session.clock.epoch_start(2)
    assert "$1 = " in run(console, "info values")[0]


def test_marks_lead_across_timelines() -> None:
    console = small()
    run(console, "goto e1.b1", "mark a", "set lr = 0.5", "sample 2", "mark b", "goto 'a")
    assert (console.session.current, console.session.position.name) == (0, "e1.b1.begin")
    assert run(console, "marks")[1].endswith("on timeline 1")
    run(console, "goto 'b")
    assert console.session.current == 1
    assert "timeline 1" in run(console, "when")[0]


def test_formats() -> None:
    console = small()
    run(console, "set digits 3")
    assert run(console, "p 1/3")[0] == "$1 = 1/3 = 0.333"
    assert run(console, "p/8 1/3")[0] == "$2 = 1/3 = 0.33333333"
    assert "e-01" in run(console, "p/4e 1/3")[0]
    assert "0x1.5555555555555p-2" in run(console, "p/x 1/3")[0]
    assert any("pos" in line for line in run(console, "p/s W[1]"))
    assert len(run(console, "p/a W[1]")) == 4


def test_assert_with_a_tolerance() -> None:
    console = small()
    console.execute("advance cost")
    console.execute("stepi")
    cost = float(console.value("cost"))
    assert not console.execute(f"assert cost == {cost!r}").failed
    assert not console.execute(f"assert cost == {cost * (1 + 1e-9)!r} 1e-6").failed
    reply = console.execute(f"assert cost == {cost + 1!r} 1e-6")
    assert reply.failed
    assert reply.values == {"left": cost, "right": cost + 1}
    assert f"cost = {cost:.17g}" in reply.lines[0]
    assert ", (W[1] * 2)[" in console.execute("assert W[1] == W[1] * 2").lines[0]
    assert not console.execute("assert 0 == 1e-9 1e-6").failed
    assert console.execute("assert cost < 0").lines[0].endswith(f"cost = {cost:.10g}")


def test_a_logpoint_prints_and_goes_on() -> None:
    console = small()
    lines = run(console, "break update do print bcost; mark here", "c")
    assert sum(line.startswith("  $") for line in lines) == 18
    assert lines[-1].startswith("end  t = 516")
    assert "here" in console.marks
    console = small()
    lines = run(console, "break begin do print cost", "c")
    assert "  print cost: " in lines[2]  # not computed yet at the first: no reason to end the run
    assert console.session.t == 516


def test_a_temporary_stop_is_forgotten() -> None:
    console = small()
    lines = run(console, "tbreak update", "break grad", "c", "c")
    assert lines[2].startswith("stop 2, break grad")
    assert lines[4].startswith("stop 1, tbreak update")
    assert list(console.session.stops.all) == [2]
    assert run(console, "c 2")[0].startswith("stop 2")


def test_stops_are_numbered_once() -> None:
    console = small()
    run(console, "break update", "break grad", "delete 2", "break begin", "disable 1")
    assert [line[:6] for line in run(console, "info stops")] == ["1  off", "3  on "]


def test_the_last_change() -> None:
    console = small()
    run(console, "goto e1.b1")
    lines = run(console, "last W[2][0,1]")
    assert re.match(r"W\[2\]\[0,1\] changed here from \S+ to \S+\.", lines[0])
    assert console.session.clock.at(console.session.t - 1).op.name == "update"  # type: ignore[union-attr]


def test_find_gives_places_to_go_to() -> None:
    console = small()
    run(console, "goto e2")
    lines = run(console, "find/2 norm(gW[1])")
    assert lines[0].startswith("$1  e1.")
    assert lines[-1] == "goto $1 goes to the newest; find/10 norm(gW[1]) lists more."
    run(console, "goto $2")
    assert console.session.t == console.values[2].place.t
    assert console.execute("count epoch == 0 and bcost > 0").values["count"] > 0  # type: ignore[operator]


def test_a_layer_is_written_out_where_it_is_kept() -> None:
    console = small()
    run(console, "advance bwd 2", "p W[l][0,l-1]")
    assert console.values[1].expression == "W[2][0,2 - 1]"


class Scripts:
    """Files that are none."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def save(self, path: str, saved: Saved) -> str:
        raise InputError("no")

    def script(self, path: str) -> str:
        if path not in self.texts:
            raise InputError(f"there is no file {path}")
        return self.texts[path]

    def look(self, path: str) -> None:
        self.script(path)

    def names(self, start: str) -> list[str]:
        return [name for name in self.texts if name.startswith(start)]


def test_scripts() -> None:
    console = small()
    console.files = Scripts(
        a="step\n\n# no\nsource b\n",
        b="step\nprint t",
        c="step\nsource d",
        d="p 1\ncots",
        e="source e",
        f="assert 1 > 2\nstep",
    )
    assert run(console, "source a")[-1] == "$1 = t = 2"
    with pytest.raises(TuibpError, match=r'c:2: d:2: no command and no variable "cots"; did you mean cost\?'):
        console.execute("source c")
    assert console.session.t == 3
    assert console.depth == 0
    with pytest.raises(TuibpError, match="deeper than 8"):
        console.execute("source e")
    assert console.execute("source f").failed
    assert console.session.t == 3
    with pytest.raises(TuibpError, match="no file zz"):
        console.execute("source zz")


def test_diff_and_the_tree_of_timelines() -> None:
    console = small()
    run(console, "batch 3", "set W[1][0,0] = 9", "batch", "set lr = 0", "batch", "timeline 0", "batch")
    assert [line.split()[:2] for line in run(console, "timeline")] == [["->", "0"], ["1", "W[1][0,0]"], ["2", "lr"]]
    values = console.execute("diff 0 1").values["differences"]
    assert isinstance(values, dict)
    assert "W[1]" in values


def test_there_is_an_end_to_timelines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuibp.debugger.session.MOST_TIMELINES", 3)
    console = small()
    run(console, "set lr = 1", "run with lr=2")
    for line in ("set lr = 3", "run with lr=3"):
        with pytest.raises(InputError, match="at most 3 timelines"):
            console.execute(line)


def test_interrupting_a_run_stands_where_it_has_come() -> None:
    console = Console(Session(sized(5, 2, 10**6, (2, 3, 2))))
    console.execute("goto e1")
    job = console.start("continue")
    for _ in range(2):
        next(job)
    job.close()
    reply = console.interrupt()
    assert reply.lines[0] == "Interrupted."
    assert console.session.clock.epoch_start(1) < console.session.t < console.session.clock.total
    there = console.session.t
    console.execute("watch cost > 1e9")
    for line in ("reverse-continue", "find cost > 1e9", "count cost > 1e9", "last norm(W[1]) * 0"):
        job = console.start(line)
        next(job)
        job.close()
        assert console.interrupt().lines[0] == "Interrupted."
        assert console.session.t == there


def test_a_batch_edited_where_it_begins_is_looked_through() -> None:
    """Right behind `begin`: no position of the batch lies before the edit."""
    for place in ("t=2", "e1.b1.s0.load"):
        console = small()
        run(console, f"goto {place}", "set W[1] = -1", "goto end", "display cost - prev(cost)", "reverse-sample")
        assert "= " in run(console, "display")[0]
        assert run(console, "find/1 cost - prev(cost)")[0].startswith("$1")
        console.execute("watch cost - prev(cost)")
        assert any(line.startswith("stop 1, watch") for line in run(console, "goto start", "c"))
