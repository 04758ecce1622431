"""ROLES: what a name that people give to an argument, an attribute or a result stands for. One table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple


class Role(NamedTuple):
    """What a name stands for."""

    name: str
    number: int | None = None
    """The number behind it: W2 is the second W."""


_ARGUMENTS: dict[str, str] = {
    "x": r"train(ing)?_?(inputs?|x)|"
    r"x|xs|x_?i|inputs?|inp|in_?data|input_?(data|vector|array|layer|values?)|features?|sample|a_?0|image|img|"
    r"x_?(train|batch|sample|data|0|in|input)|train_?x|data_?x|observation",
    "y": r"train(ing)?_?(outputs?|labels?|targets?|y)|"
    r"y|ys|y_?i|t|d|targets?|labels?|label_?vector|truth|answer|expected(_?(output|values?))?|"
    r"desired(_?output)?|y_?(true|train|batch|sample|data|label|target|onehot|one_?hot|out)|train_?y|"
    r"target_?(output|values?|vector)|ground_?truth|correct(_?output)?|want",
    "pairs": r"train|rows|mini_?batch|batch|training_?(data|set|examples?)|data|samples|examples?|data_?set|pairs|"
    r"train_?data",
    "W": r"synaptic_?weights?|"
    r"w|ws|weights?|weights?_?(list|matrix|matrices)|w_?list|all_?weights|thetas?|kernels?|synapses|syn|omega|"
    r"weight_?mats?|mats",
    "b": r"b|bs|bias(es)?|bias(es)?_?(list|vectors?)|b_?list|all_?biases|offsets?|intercepts?",
    "params": r"(initial_?)?(nn_?)?params?|parameters?|network|net|model|nn|mlp|layers|state|p|weights_and_biases|wb",
    "lr": r"lr|l_?rate|eta|learning_?rate|learn_?rate|alpha|rate|step|step_?size|epsilon_?lr",
    "zero": r"lambd|lambda_?|lmbda|lam|reg|reg_?lambda|l2|l2_?reg|decay|weight_?decay|momentum|mu|beta|dropout|"
    r"dropout_?rate|reg_?strength|regulari[sz]ation",
    "one": r"training_?(iterations?|steps|epochs?)|"
    r"epochs?|(n|num)_?(epochs?|iters?|iterations?|steps)|iterations?|iters?|steps|max_?iter",
    "m": r"m|batch_?size|n_?samples|num_?samples|mini_?batch_?size|n|n_?train|num_?examples",
    "L": r"num_?layers|n_?layers|l|depth|layer_?count",
    "sizes": r"sizes?|layers?_?(sizes|dims?|dimensions)|dims|dimensions|architecture|arch|topology|shape|structure|"
    r"units|n_?units|nodes|neurons",
    "forward": r"cache|caches|memory|memories|tape|ctx|forward_?(pass|cache|result|output)|intermediates?|"
    r"out|output|outputs|o|y_?hat|y_?pred|pred|preds|predictions?|probs?|a_?l|al|activations?|acts|zs|z_?s|"
    r"pre_?activations?|hs|a_?list|z_?list|as_?|layer_?outputs|values|hidden|hidden_?output|network_?output|results?|[azh]_?\d+",
    "silent": r"verbose|print_?\w*|debug|rng|seed|random_?state",
}
"""By role, the names in lower case."""

_RESULTS: dict[str, str] = {
    "dW": r"d_?w(eights?)?|d_?theta|(d_?[cjle](oss|ost)?|del|dl|dc|dj)_?_?d?_?w(eights?)?|"
    r"(grads?|gradients?|nabla|delta|del|g)_?(c_?|of_?|for_?|wrt_?)?(w|ws|weights?|theta|thetas)|g_?ws?|"
    r"(w|weights?|theta)_?(grads?|gradients?|deltas?|updates?|changes?|error)|d_?ws|dc_?dw|dw_?list|weights?_?der(ivs?)?|"
    r"grad_?ws|(w|weights?)_?nabla|partial_?w|sum_?dw|d_?ws_?|adjustments?|dweights_list|dws|jw|dkernels?",
    "db": r"d_?b(iase?s)?|d_?bias|(d_?[cjle](oss|ost)?|del|dl|dc|dj)_?_?d?_?b(iase?s)?|"
    r"(grads?|gradients?|nabla|delta|del|g)_?(c_?|of_?|for_?|wrt_?)?(b|bs|bias|biases)|g_?bs?|"
    r"(b|bias|biases)_?(grads?|gradients?|deltas?|updates?|changes?)|d_?bs|dc_?db|db_?list|bias_?der(ivs?)?|"
    r"grad_?bs|(b|biases)_?nabla|partial_?b|sum_?db|dbs|jb|doffsets?",
    "delta": r"deltas?|d_?zs?|d_?z_?list|errors?_?(signal|term)s?|local_?grads?|dc_?dz|dl_?dz|delta_?list|δ|"
    r"sens(itivit(y|ies))?",
    "dC_da": r"d_?as?|dc_?da|dl_?da|d_?act(ivation)?s?|da_?list|grad_?a|d_?h|dc_?das",
    "z": r"z|zs|z_?s|pre_?acts?|pre_?activations?|nets?|net_?inputs?|z_?(list|vals?)|weighted_?(inputs?|sums?)|sums",
    "a": r"a|a_?s|as_?|activations?|acts?|outs?|h|hs|a_?list|layer_?outputs?|activ|hidden_?outputs?|values",
    "cost": r"c|j|e|cost|loss|error|mse|costs|losses|total_?(loss|cost|error)|objective|l",
    "W": r"w|ws|weights?|thetas?|w_?(new|list)|new_?(w|weights)|updated_?weights?|(w|weights)_?updated",
    "b": r"b|bs|bias(es)?|b_?(new|list)|new_?(b|biases)|updated_?biases?|(b|biases)_?updated",
    "grads": r"grads?|gradients?|g|derivatives?|ders?|nabla",
    "output": r"y_?hat|y_?pred|pred(iction)?s?|outputs?|probs?|al|o|out",
}
"""The same for what comes back."""


def _compiled(table: dict[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(role, re.compile(rf"(?:{pattern})")) for role, pattern in table.items()]


_ARGUMENT_PATTERNS, _RESULT_PATTERNS = _compiled(_ARGUMENTS), _compiled(_RESULTS)
_NUMBERED = re.compile(r"(.*?)[_\[(]*(\d+)[\])]*$")

NAMED = 100
"""Numbers from here on come from words: they say which layer stands before which, and not how many there are."""
_LAYERS = {
    NAMED: r"in|inp|input",
    NAMED + 1: r"i_?h|x_?h|in(put)?_?(to_?)?hid(den)?|hid(den)?(_?layer)?|h",
    NAMED + 2: r"h_?h|hid(den)?_?(to_?)?hid(den)?",
    NAMED + 3: r"h_?[oy]|hid(den)?_?(to_?)?out(put)?|out(put)?(_?layer)?|o",
}
"""What people call a layer instead of numbering it."""
_LAYER_PATTERNS = [
    (number, re.compile(rf"(?P<what>\w+?)_(?:{words})|(?P<that>w|b)(?:{words})|(?:{words})_(?P<which>\w+)"))
    for number, words in _LAYERS.items()
]
_OF_LAYERS = ("W", "b", "dW", "db", "delta")


def _find(name: str, patterns: list[tuple[str, re.Pattern[str]]]) -> Role | None:
    word = name.strip("_ ").lower().replace("/", "_").replace("∂", "d").replace("-", "_").replace("∇", "nabla")
    word = re.sub(r"^(w|weights?|syn|theta)_?(\d)_?(\d)$", r"\1_\3", word)  # weights_0_1: from layer 0 to layer 1
    for role, pattern in patterns:
        if pattern.fullmatch(word):
            return Role(role)
    bare = re.sub(r"_?(list|vec|vector|array|arr|matrix|mat|np|col|row)$", "", word)
    if bare and bare != word:
        return _find(bare, patterns)
    match = _NUMBERED.fullmatch(word)
    for role, pattern in patterns if match is not None and match[1] else ():
        if match is not None and pattern.fullmatch(match[1].rstrip("_ ")):
            return Role(role, int(match[2]))
    return _named(word, patterns)


def _named(word: str, patterns: list[tuple[str, re.Pattern[str]]]) -> Role | None:
    """W_hidden, b_out, wih, hidden_weights: the layer has a name."""
    for number, layer in _LAYER_PATTERNS:
        match = layer.fullmatch(word)
        if match is None:
            continue
        what = match["what"] or match["that"] or match["which"]
        role = next((role for role, pattern in patterns if pattern.fullmatch(what)), "")
        return Role(role, number) if role in _OF_LAYERS else None
    return None


def numbered(roles: Sequence[Role | None], L: int) -> list[Role | None]:
    """Layers that have names get their numbers: of L names, the first is layer 1; where there are others than L, the
    output keeps its place and the rest say nothing.
    """
    result: list[Role | None] = []
    for role in roles:
        if role is None or role.number is None or role.number < NAMED:
            result.append(role)
            continue
        own = sorted({r.number for r in roles if r is not None and r.name == role.name and r.number is not None})
        whole = len(own) == L and own[0] >= NAMED
        last = role.number == max(_LAYERS)
        result.append(Role(role.name, own.index(role.number) + 1 if whole else L) if whole or last else None)
    return result


@cache
def argument_role(name: str) -> Role | None:
    """What an argument or an attribute of a name holds; None where the name says nothing."""
    return _find(name, _ARGUMENT_PATTERNS)


@cache
def result_role(name: str) -> Role | None:
    """What a result of a name holds."""
    return _find(name, _RESULT_PATTERNS)
