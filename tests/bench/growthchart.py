"""The tables of doc/benchmarks.md that say how cost grows, as pictures.

Each is drawn as doc/growth-N.svg, N counted from 1: how many there are already
from left to right, and upwards what one more takes, both on logarithmic scales;
sallyportd's lines are whole and sshd's are broken. Like chart.py, which calls
this, it draws what the document says and nothing else.
"""

import math
import re
from collections import namedtuple

from chartparts import MARGIN, STYLE, line, text

HEAD = re.compile(r"\| (.+ held|channels open) \|")
NUMBER = re.compile(r"([\d.]+) ms")

# What a row says, in milliseconds: of sshd and of sallyportd, None where it was
# not measured.
Row = namedtuple("Row", "count time cpu")
Table = namedtuple("Table", "name rows")

KINDS = ("time", "cpu")
CLASS = {"time": "wall", "cpu": "cpu"}
WORDS = {"time": "time", "cpu": "CPU time"}
SERVERS = ("sshd", "sallyportd")

# Units of the picture.
LEFT, TOP, WIDTH, HEIGHT, FOOT = 70, 46, 560, 240, 50

MORE_STYLE = """\
polyline.wall, polyline.cpu { fill: none }
polyline.sshd, line.sshd { stroke-dasharray: 6 4 }
"""


def read_number(cell):
    match = NUMBER.fullmatch(cell.strip())
    return float(match[1]) if match else None


def read_tables(words):
    tables, rows = [], None
    for each in words.splitlines():
        head = HEAD.match(each)
        cells = each.strip().strip("|").split("|")
        if head:
            rows = []
            tables.append(Table(head[1], rows))
        elif not each.startswith("|"):
            rows = None
        elif rows is not None and not each.startswith("|--"):
            numbers = [read_number(cell) for cell in cells[1:5]]
            rows.append(Row(int(cells[0].replace(",", "")),
                            tuple(numbers[:2]), tuple(numbers[2:])))
    return tables


def decades(values):
    """The powers of ten that the values lie between."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


class Scale:
    """A logarithmic one of some decades, over so many units from an origin."""

    def __init__(self, powers, origin, units):
        self.powers, self.origin, self.units = powers, origin, units

    def place(self, value):
        share = ((math.log10(value) - self.powers[0]) /
                 (self.powers[-1] - self.powers[0]))
        return round(self.origin + share * self.units, 1)

    def ticks(self):
        for power in self.powers:
            yield self.place(10 ** power), f"{10 ** power:,g}"


def values_of(table):
    """Nothing at all costs a hundredth of the step that CPU is counted in."""
    return [max(value, 1e-3) for row in table.rows for kind in KINDS
            for value in getattr(row, kind) if value is not None]


def draw_scales(table, across, up):
    bottom = TOP + HEIGHT
    for x, words in across.ticks():
        yield line("grid", x, TOP, x, bottom)
        yield text(x, bottom + 16, words, "tick", "middle")
    for y, words in up.ticks():
        yield line("grid", LEFT, y, LEFT + WIDTH, y)
        yield text(LEFT - 8, y + 4, words, "tick", "end")
    yield text(LEFT + WIDTH, bottom + 36, table.name, "tick", "end")
    yield text(LEFT - 8, TOP - 10, "ms", "tick", "end")


def draw_line(table, kind, server, across, up):
    which = SERVERS.index(server)
    points = [(across.place(row.count), up.place(max(value, 1e-3)))
              for row in table.rows
              if (value := getattr(row, kind)[which]) is not None]
    names = CLASS[kind] + (" sshd" if server == "sshd" else "")
    words = " ".join(f"{x},{y}" for x, y in points)
    yield f'<polyline class="{names}" points="{words}"/>'


def draw_legend():
    x = LEFT
    for kind in KINDS:
        for server in SERVERS:
            names = CLASS[kind] + (" sshd" if server == "sshd" else "")
            yield line(names, x, 14, x + 24, 14)
            words = f"{WORDS[kind]}, {server}"
            yield text(x + 30, 18, words)
            x += 46 + 7 * len(words)


def draw(table):
    """One table as the text of an SVG file."""
    across = Scale(decades([row.count for row in table.rows]), LEFT, WIDTH)
    up = Scale(decades(values_of(table)), TOP + HEIGHT, -HEIGHT)
    width, height = LEFT + WIDTH + 2 * MARGIN, TOP + HEIGHT + FOOT
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>What one more takes beside so many: {table.name}</title>",
        f"<style>\n{STYLE}{MORE_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *draw_legend(),
        *draw_scales(table, across, up),
    ]
    for kind in KINDS:
        for server in SERVERS:
            parts += draw_line(table, kind, server, across, up)
    return "\n".join([*parts, "</svg>", ""])


def pictures(words):
    """The text of each picture, by its file's name."""
    return {f"growth-{number}.svg": draw(table)
            for number, table in enumerate(read_tables(words), 1)}
