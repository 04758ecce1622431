"""Which words the command line has. A subcommand is a row here and a module of its own, loaded when it is asked for."""

from __future__ import annotations

import argparse
import difflib
import importlib
import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

import tuibp
from tuibp.cli.environment import THREADS, checked
from tuibp.errors import InputError

Action: TypeAlias = Callable[[argparse.Namespace], int]

COMMANDS = {
    "trace": "write every operation and what it computes, as JSON lines or CSV",
    "run": "train without a screen and print a summary",
    "print": "print tensors and cells as they stand at a position",
    "why": "explain a number by the terms that make it",
    "gradcheck": "hold the gradient against differences of the cost",
    "check": "find the mistake in your own backprop, and name it",
    "compare": "find the first operation where two runs part",
    "samples": "list the networks that come with tuibp",
    "new": "write a commented network file to start from",
}
"""Every subcommand and what it does; its module here has `EXAMPLES`, `configure(parser)` and `run(arguments)`."""

COMPUTING = ("trace", "run", "print", "why", "gradcheck", "compare")
"""Subcommands that compute, and so may be given threads."""
FILE_HELP = "a network file, or the name of a sample such as xor (see: tuibp samples)"
OPEN_HELP = f"{FILE_HELP}, or a session: FILE.tuibp"
POSITION_HELP = "e0.b2.s1.bwd1.dW, e3, t=500, 41%%, +3b, start or end"

POSITIONS = ("--at", "--from", "--to")
"""Options that take a position."""

EXAMPLES = """\
examples:
  tuibp                            step through the sample xor
  tuibp mazur                      step through another sample
  tuibp my.toml                    step through your own network
  tuibp trace xor --to e0.b1       every number of the first batch
  tuibp run iris                   train, then print cost and accuracy
  tuibp print xor --at e0.b0.s0.cost "a[2]" "W[2][0,1]"
  tuibp check my_backprop.py       find the mistake in your own code
  tuibp new my.toml                write a network file to start from
  tuibp xor --plain                step through it at a prompt, without a screen
  tuibp xor --batch -x checks      carry out a script: exit code 1 where an assert fails
  tuibp my.tuibp                   go on with a saved session

Without a terminal, tuibp carries out the commands on standard input; where there are none it prints the first sample
worked through, forward and backward.
Each command has its own help: tuibp run --help"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are ours: one sentence and the way to the help."""

    def __init__(self, prog: str, description: str, examples: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=examples,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        raise InputError(message, hint=f"see {self.prog} --help")


def parse(words: list[str]) -> tuple[Action, argparse.Namespace]:
    """The command that the words ask for, and its arguments.

    Raises:
        InputError: words that no command takes.
        SystemExit: help or version was asked for and is printed.
    """
    if words and words[0] in COMMANDS:
        return _subcommand(words[0], words[1:])
    if len(words) > 1 and not any(word.startswith("-") for word in words[:2]):
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"did you mean tuibp {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
        raise InputError(f'no command "{words[0][:40]}"', hint=hint)
    return _screen(words)


def _subcommand(name: str, words: list[str]) -> tuple[Action, argparse.Namespace]:
    module = importlib.import_module(f"tuibp.cli.{name}")
    parser = Parser(f"tuibp {name}", f"{name}: {COMMANDS[name]}.", module.EXAMPLES)
    module.configure(parser)
    if name in COMPUTING:
        _add_threads(parser)
    action: Action = module.run
    return action, parser.parse_args(_joined(words))


def _add_threads(parser: Parser) -> None:
    parser.add_argument(
        "--threads",
        type=lambda word: checked(word, "--threads"),
        metavar="N",
        help=f"threads for products of matrices (1, or what {THREADS} says); more help wide layers, and the last bits "
        "of their numbers may then differ",
    )


def _add_scripts(parser: Parser) -> None:
    """Commands from the command line, which are carried out in the order in which they are given."""
    parser.add_argument(
        "-x",
        dest="scripts",
        action="append",
        type=lambda word: ("file", word),
        metavar="SCRIPT",
        help="carry out the commands of a file; an error ends it, exit code 2, and a failed assert, exit code 1",
    )
    parser.add_argument(
        "-ex",
        dest="scripts",
        action="append",
        type=lambda word: ("command", word),
        metavar="CMD",
        help="carry out a command; -x and -ex may be given again and again",
    )
    parser.set_defaults(scripts=[])
    parser.add_argument("--batch", action="store_true", help="leave after them; nothing is kept but what they save")
    parser.add_argument("--json", action="store_true", help="answer every command with one line of JSON; no screen")


def _joined(words: list[str]) -> list[str]:
    """`--at -3b` as `--at=-3b`: a relative position looks like an option to argparse, and so does `-ex -W[1]`."""
    joined: list[str] = []
    for word in words:
        if joined and ((joined[-1] in POSITIONS and re.match(r"-\d", word)) or joined[-1] in ("-x", "-ex")):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _screen(words: list[str]) -> tuple[Action, argparse.Namespace]:
    """What `tuibp [FILE]` does."""
    commands = "commands:\n" + "\n".join(f"  {name:<11}{what}" for name, what in COMMANDS.items())
    parser = Parser("tuibp", "The step-debugger for backpropagation.", f"{commands}\n\n{EXAMPLES}")
    parser.add_argument("file", metavar="FILE", nargs="?", help=OPEN_HELP)
    parser.add_argument("--continue", dest="go_on", action="store_true", help="go on with the last session of FILE")
    parser.add_argument("--plain", action="store_true", help="a prompt instead of the screen")
    _add_scripts(parser)
    parser.add_argument("--ascii", action="store_true", help="paint the screen with ASCII characters only")
    parser.add_argument("--light", action="store_true", help="begin with the light theme")
    _add_threads(parser)
    parser.add_argument("--version", action="version", version=f"tuibp {tuibp.__version__}")
    parser.usage = "tuibp [FILE] [OPTION ...]\n       tuibp COMMAND ..."
    arguments = parser.parse_args(_joined(words))
    module = importlib.import_module("tuibp.cli.screen")
    action: Action = module.run
    return action, arguments
