"""What the pictures of doc/benchmarks.md are made of."""

from xml.sax.saxutils import escape

MARGIN = 20

STYLE = """\
text { font: 13px sans-serif; fill: #333 }
.tick { font-size: 11px; fill: #777 }
.grid { stroke: #ddd }
.sshd { stroke: #333; stroke-width: 1.5 }
.wall { stroke: #d9822b; fill: #d9822b; stroke-width: 2 }
.cpu { stroke: #2b6cb0; fill: #2b6cb0; stroke-width: 2 }
.goal { stroke: #2f855a; stroke-width: 2 }
"""


def line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def text(x, y, words, kind="", anchor="start"):
    kind = f' class="{kind}"' if kind else ""
    return (f'<text{kind} x="{x}" y="{y}" text-anchor="{anchor}">'
            f'{escape(words)}</text>')
