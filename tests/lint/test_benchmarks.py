"""The pictures of doc/benchmarks.md are those of its tables."""

import sys
import xml.etree.ElementTree as ElementTree

import sources

sys.path.insert(0, str(sources.TOP / "tests/bench"))

# pylint: disable=wrong-import-position
import chart  # noqa: E402
import growthchart  # noqa: E402

DOCUMENT = sources.TOP / "doc/benchmarks.md"


def test_each_table_has_its_picture_as_it_is_written():
    drawn = chart.pictures(DOCUMENT)
    kept = {path.name: path.read_text("ascii")
            for path in DOCUMENT.parent.glob("*.svg")}
    words = DOCUMENT.read_text("ascii")
    sources.report(
        [f"{name}: `make charts` draws it anew"
         for name in sorted(drawn.keys() | kept.keys())
         if drawn.get(name) != kept.get(name)] +
        [f"{name}: doc/benchmarks.md does not show it"
         for name in sorted(drawn) if f"]({name})" not in words])


def test_a_goal_belongs_to_a_row():
    tables = chart.read_tables(DOCUMENT.read_text("ascii"))
    names = {row.name for rows in tables for row in rows}
    assert set(chart.GOALS) <= names


def test_a_picture_has_a_line_for_each_figure():
    rows = [chart.Row("one <&>", chart.Ratio(0.1, 0.05, 0.2),
                      chart.Ratio(3, 1, 9)),
            chart.Row("echo of 64 bytes on a channel",
                      chart.Ratio(0.5, 0.4, 0.6), chart.Ratio(0.7, 0.6, 0.8))]
    root = ElementTree.fromstring(chart.draw(rows))
    kinds = [e.get("class") for e in root.iter()]
    # One of each is the legend's.
    assert kinds.count("wall") == kinds.count("cpu") == 1 + 2 * len(rows)
    assert kinds.count("goal") == 2
    assert "one <&>" in [e.text for e in root.iter()]


def test_what_is_off_the_scale_stands_at_its_end():
    assert chart.place(0.0001) == chart.place(chart.LEAST)
    assert chart.place(50) == chart.place(chart.MOST)
    assert chart.place(0.1) < chart.place(0.2) < chart.place(1)


def test_a_row_without_a_ratio_is_left_out():
    words = DOCUMENT.read_text("ascii")
    assert "mlkem768x25519-sha256 | - |" in words
    names = [row.name for rows in chart.read_tables(words) for row in rows]
    assert "handshake, mlkem768x25519-sha256" not in names
    assert "handshake, curve25519-sha256" in names


GROWTH = """\
| strangers held | a login: time, sshd | sallyportd | CPU, sshd | sallyportd \
| memory of each, sshd | sallyportd |
|---|---|---|---|---|---|---|
| 1 | 20.000 ms | 2.000 ms | 10.000 ms | 1.000 ms | - | - |
| 10,000 | - | 2.500 ms | - | 0.000 ms | 1500 KiB | 20 KiB |
"""


def test_what_grows_has_a_line_for_each_figure_and_server():
    table, = growthchart.read_tables(GROWTH + "\nmore words\n")
    assert table.name == "strangers held"
    assert table.rows == [growthchart.Row(1, (20, 2), (10, 1)),
                          growthchart.Row(10000, (None, 2.5), (None, 0))]
    root = ElementTree.fromstring(growthchart.draw(table))
    lines = {e.get("class"): e.get("points").split() for e in root.iter()
             if e.get("points") is not None}
    assert {kind: len(points) for kind, points in lines.items()} == {
        "wall": 2, "wall sshd": 1, "cpu": 2, "cpu sshd": 1}
    # From left to right, and upwards what takes more.
    places = [tuple(map(float, point.split(","))) for point in lines["wall"]]
    assert places[0][0] < places[1][0] and places[0][1] > places[1][1]
