"""Words of other debuggers and other books, and what says the same here: whoever types one is told what to write.

None of them is a command, a name or a place here; a test holds that, and that what is recommended can be typed.
"""

from __future__ import annotations

COMMAND_WORDS: dict[str, tuple[str, str]] = {
    "attach": ("load FILE", "opens a network or a session"),
    "awatch": ("watch W[1][0,0]", "stops where it changes"),
    "call": ("print cost", "prints an expression"),
    "checkpoint": ("mark a", "keeps a place, goto 'a comes back"),
    "clear": ("delete 1", "forgets a stop, info stops lists them"),
    "commands": ("break bwd 1 do print cost", "carries commands out at a stop and goes on"),
    "condition": ("break bwd 1 if cost > 1", "makes a stop with its condition; delete 1 forgets the old one"),
    "dprintf": ("break bwd 1 do print cost", "prints and goes on"),
    "file": ("load FILE", "opens a network or a session"),
    "history": ("info values", "lists what has been printed"),
    "ignore": ("continue 3", "stops at the third hit; a condition such as sample % 100 == 0 picks some"),
    "inspect": ("print cost", "prints an expression"),
    "jump": ("goto e1.b0", "goes to any position"),
    "kill": ("goto start", "begins again, quit leaves"),
    "layer": ("step", "computes the next layer; fwd 1 and bwd 1 are places"),
    "output": ("print cost", "prints an expression"),
    "ptype": ("info net", "tells the shapes, print/s W[1] sums a tensor up"),
    "record": ("reverse-continue", "goes back: everything is recorded already"),
    "redo": ("step", "computes it again, to the same bits"),
    "restart": ("goto start", "begins again"),
    "rwatch": ("watch W[1][0,0]", "stops where it changes"),
    "start": ("goto start", "begins again, continue runs"),
    "undo": ("reverse-step", "undoes a step"),
    "whatis": ("info net", "tells the shapes, print/s W[1] sums a tensor up"),
    "x": ("print/x W[1]", "shows the bits; x alone is the input of the sample"),
}
"""By word: what to type, and what that does."""

BARE_WORDS: dict[str, str] = {
    "run": "continue runs on, goto start begins again; run with lr=0.1 begins another run beside",
}
"""By command: what to say where somebody types no more than this word, and means another debugger's."""

NAME_WORDS: dict[str, str] = {
    "J": "cost",
    "activation": "a[l]",
    "activations": "a[l]",
    "alpha": "lr",
    "bias": "b[l]",
    "biases": "b[l]",
    "error": "cost, or delta[l]",
    "grad": "gW[l], of the batch, or dW[l], of the sample",
    "gradient": "gW[l], of the batch, or dW[l], of the sample",
    "input": "x",
    "label": "y",
    "layer": "l",
    "loss": "cost",
    "out": "a[L]",
    "output": "a[L]",
    "target": "y",
    "update": "uW[l]",
    "w": "W[l]",
    "weight": "W[l]",
    "weights": "W[l]",
}
"""By word in an expression: the name here."""

PLACE_WORDS: dict[str, str] = {
    "backprop": "bwd 1",
    "backward": "bwd 1",
    "batch": "begin, where a batch begins",
    "epoch": "shuffle, where an epoch begins",
    "forward": "fwd 1",
    "layer": "fwd 1 or bwd 1",
    "loss": "cost",
    "sample": "load, where a sample begins",
}
"""By word where a place in the program is wanted: the place here."""
