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
    "samples": "list the networks that come with tuibp",
    "new": "write a commented network file to start from",
}
"""Every subcommand and what it does; its module here has `EXAMPLES`, `configure(parser)` and `run(arguments)`."""

COMPUTING = ("trace", "run", "print")
"""Subcommands that compute, and so may be given threads."""
FILE_HELP = "a network file, or the name of a sample such as xor (see: tuibp samples)"
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
  tuibp new my.toml                write a network file to start from

Without a terminal, tuibp prints the first sample worked through, forward and backward.
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


def _joined(words: list[str]) -> list[str]:
    """`--at -3b` as `--at=-3b`: a relative position looks like an option to argparse."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in POSITIONS and re.match(r"-\d", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _screen(words: list[str]) -> tuple[Action, argparse.Namespace]:
    """What `tuibp [FILE]` does."""
    commands = "commands:\n" + "\n".join(f"  {name:<9}{what}" for name, what in COMMANDS.items())
    parser = Parser("tuibp", "The step-debugger for backpropagation.", f"{commands}\n\n{EXAMPLES}")
    parser.add_argument("file", metavar="FILE", nargs="?", help=FILE_HELP)
    parser.add_argument("--ascii", action="store_true", help="paint the screen with ASCII characters only")
    parser.add_argument("--light", action="store_true", help="begin with the light theme")
    _add_threads(parser)
    parser.add_argument("--version", action="version", version=f"tuibp {tuibp.__version__}")
    parser.usage = "tuibp [FILE]\n       tuibp COMMAND ..."
    arguments = parser.parse_args(words)
    module = importlib.import_module("tuibp.cli.screen")
    action: Action = module.run
    return action, arguments
