"""Whether several samples may be handed over at once, and as what."""

from __future__ import annotations

import re
from dataclasses import replace

from tuibp.explain.check.contract.fit import LOOSE, score
from tuibp.explain.check.contract.handed import Handed
from tuibp.explain.check.contract.returned import function_source
from tuibp.explain.check.observed import Failure, Observed
from tuibp.explain.check.probe import Probe


def with_batches(found: Handed, probe: Probe) -> Handed:
    """Whether several samples may be handed over at once, and as what."""
    probe = found.suited(probe)
    if found.layout.sample == "plain":
        return found
    if found.layout.pairs:
        return replace(found, batched=True, cached=found.cached, answers=[])
    if found.layout.sample != "vec":
        return replace(found, batched=_takes(found, probe), cached=found.cached, answers=[])
    single = found.single(probe, 0)
    if isinstance(single, Failure):
        return found
    level = score(single, probe)
    for sample in ("row", "col"):
        other = replace(found.under(replace(found.layout, sample=sample)), cached=found.cached)
        alone = other.single(probe, 0)
        if isinstance(alone, Failure) or score(alone, probe) < level or not _takes(other, probe, clean=True):
            continue
        return replace(other, batched=True, cached=found.cached, answers=[])
    return found


_BATCHES = re.compile(r"\.shape\s*\[|axis\s*=|keepdims|batch|np\.mean|/\s*[mNn]\b|\.mean\(|\bX\b")


def _meant_for_batches(found: Handed) -> bool:
    """Whether a function says that it takes several samples, so that it may be held to it.

    A function of one sample often runs on a batch of columns and leaves δ apart by sample: that is no mistake of it.
    """
    name = found.target.function.name
    source = function_source(found.inventory.source, name, found.target.owner.name if found.target.owner else "")
    return _BATCHES.search(source) is not None


def _takes(found: Handed, probe: Probe, *, clean: bool = False) -> bool:
    """Whether a batch gives gradients of the right shape.

    Args:
        clean: whether they must be the sum or the mean of those of the samples.
    """
    from tuibp.explain.check.batches import relate

    samples = tuple(range(4))
    result = replace(found, batched=True, answers=[]).batch(probe, samples)
    meant = _meant_for_batches(found)
    if result is None or isinstance(result, Failure):
        return not clean and meant
    if not clean and meant:
        return True
    singles = [one for one in found.singles(probe, samples) if isinstance(one, Observed)]
    if len(singles) < len(samples):
        return False
    relations = relate(probe, result, singles, LOOSE)
    return bool(relations) and not any(relation.mistake for relation in relations)
