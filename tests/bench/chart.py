#!/usr/bin/python3
"""The tables of doc/benchmarks.md as pictures.

usage: chart.py DOCUMENT FOLDER

Draws each table of ratios of the document (ours to sshd's, with the interval
that holds nine tenths) as FOLDER/benchmarks-N.svg, N counted from 1: a line a
row, on a logarithmic scale on which sshd is 1, with the goals that are stated
for a row. How cost grows is drawn by growthchart.py. A picture is made of what
the document says and nothing else, so that `tests/lint/test_benchmarks.py` can
tell where the two differ.
"""

import math
import pathlib
import re
import sys
from collections import namedtuple

import growthchart
from chartparts import MARGIN, STYLE, line, text

Ratio = namedtuple("Ratio", "median low high")
Row = namedtuple("Row", "name wall cpu")

RATIO = re.compile(r"([\d.]+) \(([\d.]+) to ([\d.]+)\)")

WALL, CPU = "wall", "cpu"

# What a row is to reach: which figure, and how much of sshd's.
GOALS = {
    "logins, 1 at a time": (CPU, 0.055),
    "logins, 8 at a time": (CPU, 0.055),
    "logins, 32 at a time": (CPU, 0.055),
    "login and exec of true": (WALL, 0.06),
    "exec of true on an open connection": (CPU, 0.5),
    "down, aes256-gcm": (CPU, 0.75),
    "up, aes256-gcm": (CPU, 0.65),
    "down, chacha20-poly1305": (CPU, 0.5),
    "up, chacha20-poly1305": (CPU, 0.5),
    "down, aes256-ctr with hmac-sha2-256-etm": (CPU, 0.85),
    "up, aes256-ctr with hmac-sha2-256-etm": (CPU, 0.65),
    "echo of 64 bytes on a channel": (CPU, 0.6),
    "stock sftp: get": (CPU, 0.6),
    "stock sftp: put": (CPU, 0.5),
    "stock sftp: get of a file of 1 KiB": (CPU, 0.5),
    "stock sftp: put of a file of 1 KiB": (CPU, 0.5),
}

# Units of the picture.
LABELS, PLOT = 330, 470
ROW, HEAD, FOOT = 30, 46, 34
APART = 5  # of a row's two figures from its middle
LEAST, MOST = 0.02, 2.0
TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]


def read_ratio(cell):
    match = RATIO.fullmatch(cell.strip())
    return Ratio(*(float(part) for part in match.groups())) if match else None


def read_tables(words):
    """The rows of each table that has ratios, those with none left out."""
    tables, rows = [], None
    for line in words.splitlines():
        cells = line.strip().strip("|").split("|")
        if line.startswith("|--"):
            continue
        if not line.startswith("| ") or len(cells) != 7:
            rows = None
            continue
        if "ratio" in cells[3]:
            rows = []
            tables.append(rows)
        elif rows is not None:
            row = Row(cells[0].strip(), read_ratio(cells[3]),
                      read_ratio(cells[6]))
            if row.wall and row.cpu:
                rows.append(row)
    return [rows for rows in tables if rows]


def place(ratio):
    """Where on the scale, from the left of the picture."""
    ratio = min(max(ratio, LEAST), MOST)
    share = math.log(ratio / LEAST) / math.log(MOST / LEAST)
    return round(LABELS + MARGIN + share * PLOT, 1)


def draw_figure(kind, ratio, y):
    yield line(kind, place(ratio.low), y, place(ratio.high), y)
    yield (f'<circle class="{kind}" cx="{place(ratio.median)}" cy="{y}" '
           'r="3"/>')


def draw_row(row, y):
    yield text(LABELS, y + 4, row.name, anchor="end")
    heights = {WALL: y - APART, CPU: y + APART}
    yield from draw_figure(WALL, row.wall, heights[WALL])
    yield from draw_figure(CPU, row.cpu, heights[CPU])
    if row.name in GOALS:
        kind, goal = GOALS[row.name]
        x = place(goal)
        yield line("goal", x, heights[kind] - APART, x, heights[kind] + APART)


def draw_scale(bottom):
    for tick in TICKS:
        x = place(tick)
        yield line("sshd" if tick == 1 else "grid", x, HEAD - 8, x, bottom)
        yield text(x, bottom + 15, f"{tick:g}", "tick", "middle")
    yield text(place(1), HEAD - 13, "sshd", "tick", "middle")


def draw_legend():
    x = LABELS + MARGIN
    for kind, words in ((WALL, "time"), (CPU, "CPU time"), ("goal", "goal")):
        yield line(kind, x, 14, x + 16, 14)
        yield text(x + 22, 18, words)
        x += 40 + 8 * len(words)


def draw(rows):
    """One table as the text of an SVG file."""
    width = LABELS + PLOT + 2 * MARGIN
    bottom = HEAD + ROW * len(rows)
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {width} {bottom + FOOT}" '
        f'width="{width}" height="{bottom + FOOT}">',
        "<title>sallyportd's share of what sshd takes</title>",
        f"<style>\n{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *draw_legend(),
        *draw_scale(bottom),
    ]
    for number, row in enumerate(rows):
        parts += draw_row(row, HEAD + ROW * number + ROW // 2)
    return "\n".join([*parts, "</svg>", ""])


def pictures(document):
    """The text of each picture, by its file's name."""
    words = document.read_text(encoding="ascii")
    found = {f"benchmarks-{number}.svg": draw(rows)
             for number, rows in enumerate(read_tables(words), 1)}
    return found | growthchart.pictures(words)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: chart.py DOCUMENT FOLDER")
    for name, picture in pictures(pathlib.Path(sys.argv[1])).items():
        (pathlib.Path(sys.argv[2]) / name).write_text(picture, "ascii")


if __name__ == "__main__":
    main()
