"""Tests of tortie.node.collector, in a process of its own: its settings are the whole process's."""

import subprocess
import sys

SCRIPT = """
import gc
from tortie.node.collector import NEW_OBJECTS_MAX, relax_collector, settle_collector

class Link:
    pass

def drop_cycle():
    one = Link()
    one.itself = one

relax_collector()
assert gc.get_threshold()[0] == NEW_OBJECTS_MAX
assert gc.get_freeze_count() == 0
settle_collector()
assert gc.get_freeze_count() > 0
drop_cycle()
assert gc.collect() >= 1, "what is made later is collected"
"""


def test_what_is_kept_is_set_aside_and_what_comes_later_collected() -> None:
    subprocess.run([sys.executable, "-P", "-c", SCRIPT], check=True, env={"PYTHONPATH": ":".join(sys.path)})
