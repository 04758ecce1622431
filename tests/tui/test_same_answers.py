"""One script, three places: the screen's command line, the prompt without a screen, and a batch answer alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tui.conftest import Opened

SCRIPT = """\
set width 100
info net
break bwd 1 if norm(delta[1]) < 0.2
watch W[2][0,1]
catch nan
info stops
continue
print W[1]
print/x cost
print/s W[1]
print/h W[1]
where
up
down
continue 3
last W[2][0,1]
display cost
set W[2][0,1] = 0
continue
timeline
diff 0 1
mark a
note the unit is out
goto start
goto 'a
find cost > 0.2
count cost > 0.2
step 3
reverse-step
delete 1
list
info locals
run with lr=0.5
continue
timeline 0
assert cost > 0
print norm(W[1]) + 1
goto $1
info values
help print
apropos nan
echo done
"""


def answers(*words: str, typed: str | None = None) -> list[str]:
    """What the command line prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tuibp", "xor", *words], input=typed, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.splitlines()


async def test_one_script_in_three_places(opened: Opened, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPT, encoding="utf-8")
    batch = answers("--batch", "-x", str(script))
    assert answers("--plain", typed=SCRIPT) == batch
    async with opened("xor", (120, 40)) as driver:
        for line in SCRIPT.splitlines():
            await driver.press("colon")
            field = driver.screen.prompt._field
            assert field is not None
            field.value = line
            await driver.press("enter")
            await driver.settle()
        said = [line for line in driver.screen.console.said if not line.startswith(": ")]
    assert len(SCRIPT.splitlines()) >= 30
    assert said == batch
