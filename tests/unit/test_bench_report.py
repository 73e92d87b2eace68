"""The benchmarks' arithmetic, table and plot."""

from __future__ import annotations

import json
import statistics
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dev.bench_discover import grow, peak
from dev.bench_report import Row, document, interleave, machine, over, plot, ratio, slope, table

SVG = "{http://www.w3.org/2000/svg}"


def test_a_goal_is_met_or_missed() -> None:
    assert ratio("a", "s", 1.2, 1.0, 1.3).met is True
    assert ratio("a", "s", 1.4, 1.0, 1.3).met is False
    assert over("a", "ms", 700, 100, 600).met is True
    assert over("a", "ms", 701, 100, 600).met is False
    assert ratio("a", "s", 9.0, 1.0, None).met is None


def test_the_median_of_bodies_in_turn() -> None:
    order: list[str] = []
    given = {"a": iter([9.0, 1.0, 5.0, 2.0]), "b": iter([9.0, 7.0, 8.0, 6.0])}

    def body(name: str) -> float:
        order.append(name)
        return next(given[name])

    found = interleave({"a": lambda: body("a"), "b": lambda: body("b")}, 3)
    assert found == {"a": 2.0, "b": 7.0}
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"


def test_one_can_go_without_warming_up() -> None:
    assert interleave({"a": iter([3.0, 9.0]).__next__}, 1, warm=False) == {"a": 3.0}


def test_slope() -> None:
    assert slope([(1, 10), (2, 12), (3, 14)]) == pytest.approx(2)
    with pytest.raises(statistics.StatisticsError):
        slope([(1, 10)])


def test_the_table_tells_what_is_missed() -> None:
    rows = [
        ratio("fast", "s", 1.0, 1.0, 1.15),
        over("slow", "ms", 900.0, 100.0, 600),
        Row("told", "MiB", 40.0, None, 40.0, None),
    ]
    lines = table(rows).splitlines()
    assert lines[1].split() == [
        "fast",
        "1.00",
        "s",
        "1.00",
        "s",
        "x",
        "1.00",
        "<=",
        "x",
        "1.15",
        "met",
    ]
    assert lines[2].split() == [
        "slow",
        "900",
        "ms",
        "100",
        "ms",
        "+800",
        "<=",
        "+600",
        "MISSED",
    ]
    assert lines[3].split() == ["told", "40.0", "MiB"]


def test_json_can_be_read_back() -> None:
    rows = [ratio("a", "s", 2.0, 1.0, 1.5)]
    made = json.loads(json.dumps(document(rows, {"t": {"a": [(1, 2.0)]}}, {"small": True})))
    assert made["schema"] == "kestra-tasks/bench/1"
    assert made["rows"][0]["met"] is False and made["small"] is True
    assert made["curves"] == {"t": {"a": [[1, 2.0]]}}
    assert {"cpus", "load"} <= set(machine())


def test_the_plot_shows_every_point_inside_the_picture() -> None:
    curves = {"ours & <us>": [(1e3, 0.5), (1e5, 2.0)], "rg": [(1e3, 0.02), (1e5, 1.5)]}
    tree = ET.fromstring(
        plot([("Cost", "files", curves), ("Again", "services", {"x": [(1, 1.0)]})])
    )
    _, _, width, height = map(float, tree.attrib["viewBox"].split())
    dots = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in tree.iter(f"{SVG}circle")]
    assert len(dots) == 5
    assert all(0 < x < width and 0 < y < height for x, y in dots)
    # More cost is higher up, more files further right.
    assert dots[1][0] > dots[0][0] and dots[1][1] < dots[0][1]
    assert "ours & <us>" in {t.text for t in tree.iter(f"{SVG}text")}


def test_a_tree_has_as_many_files_as_asked(tmp_path: Path) -> None:
    grow(tmp_path, 250)
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(found) == 250
    assert any("kestra" in path.read_text() for path in found if path.suffix == ".ts")


def test_peak_memory_is_the_childs_own(tmp_path: Path) -> None:
    import sys

    block = bytearray(80 * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    code = "import time; held = b'x' * (20 * 2**20); time.sleep(0.2)"
    most = peak([sys.executable, "-c", code], tmp_path)
    assert 20 < most < 60, "the parent's own 80 MiB must not count"
