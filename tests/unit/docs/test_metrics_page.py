"""docs/metrics.md and the alerts against the table of metrics; the alerts against promtool."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.promtool import promtool
from tortie.node.metrics_table import METRICS
from tortie.node.metrics_text import Exposition

REPOSITORY = Path(__file__).parents[3]
PAGE = REPOSITORY / "docs/metrics.md"
ALERTS = REPOSITORY / "deploy/prometheus/tortie-alerts.yaml"
ALERTS_TEST = ALERTS.with_name("tortie-alerts.test.yaml")
ROW = re.compile(r"^\| `(tortie_\w+)` \| (\w+) \| ([\w, ]*)\| ([^|]+) \|", re.MULTILINE)
NAME = re.compile(r"\b(?:tortie|process)_[a-z_]+")
PROCESS = {
    "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
    "process_start_time_seconds", "process_open_fds", "process_max_fds",
}  # fmt: skip


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


# ---------------------------------------------------------------- the page


def test_every_metric_has_a_row_with_its_type_and_labels() -> None:
    rows = {name: (kind, labels.strip()) for name, kind, labels, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    assert rows == {name: (metric.kind, ", ".join(metric.labels)) for name, metric in METRICS.items()}


def test_metrics_of_the_process_are_named() -> None:
    exposed = {family.split()[2] for family in exposition().splitlines() if family.startswith("# TYPE ")}
    text = PAGE.read_text(encoding="utf-8")
    assert exposed == PROCESS
    assert [name for name in sorted(PROCESS) if f"`{name}`" not in text] == []


def exposition() -> str:
    """What is exposed besides the table's."""
    return Exposition(lambda: ()).render("")[0].decode()


@pytest.mark.parametrize("name", METRICS)
def test_names_follow_prometheus(name: str) -> None:
    metric = METRICS[name]
    assert name.endswith("_total") == (metric.kind == "counter")
    assert metric.kind != "histogram" or name.endswith("_seconds")
    assert not {"node", "peer", "prefix", "address", "name", "instance", "job"} & set(metric.labels)


# ---------------------------------------------------------------- the alerts


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_metrics_of_an_alert_exist(rule: dict[str, Any]) -> None:
    known = {*METRICS, *PROCESS, *(f"{name}_bucket" for name, each in METRICS.items() if each.kind == "histogram")}
    named = set(NAME.findall(rule["expr"]))
    assert named <= known
    assert named or "up{" in rule["expr"]
    assert set(NAME.findall(rule["annotations"]["description"])) <= known
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_the_labels_of_an_alert_exist() -> None:
    known = {label for metric in METRICS.values() for label in metric.labels} | {"job", "instance", "le"}
    for rule in rules():
        grouped = re.findall(r"by \(([\w, ]+)\)", rule["expr"]) + re.findall(r"(\w+)!?=\"", rule["expr"])
        assert {label for part in grouped for label in part.split(", ")} <= known, rule["alert"]


def test_what_has_to_have_an_alert_has_one_and_a_test() -> None:
    tested = ALERTS_TEST.read_text(encoding="utf-8")
    wanted = ["SessionDown", "NoReflectorLeft", "DatastoreLost", "KernelOutOfSync", "Quarantine", "SessionsFlapping",
              "RestartLoop"]  # fmt: skip
    named = [rule["alert"] for rule in rules()]
    assert [name for name in wanted if f"Tortie{name}" not in named or f"alertname: Tortie{name}\n" not in tested] == []


def test_promtool_takes_the_alerts() -> None:
    done = promtool("check", "rules", str(ALERTS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(rules())} rules found" in done.stdout


def test_alerts_fire_when_they_should() -> None:
    done = promtool("test", "rules", str(ALERTS_TEST))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_is_wrong_would_be_found(tmp_path: Path) -> None:
    """The tests of the alerts can fail: with another threshold they do."""
    text = ALERTS.read_text(encoding="utf-8")
    (tmp_path / ALERTS.name).write_text(text.replace("[15m]) > 2", "[15m]) > 3"), encoding="utf-8")
    shutil.copy(ALERTS_TEST, tmp_path)
    assert promtool("test", "rules", str(tmp_path / ALERTS_TEST.name)).returncode != 0
