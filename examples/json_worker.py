#!/usr/bin/env python3
"""Who may come in with which key: one JSON object a line, in and out.

auth = { team = { type = "program"; run = [ "/srv/worker.py", "/srv/team" ]; }; };
"""
import json
import sys

TEAM = dict(line.split() for line in open(sys.argv[1]))  # fingerprint, name
for line in sys.stdin:
    question = json.loads(line)
    name = TEAM.get(question.get("key_fp"))
    yes = {"verdict": "allow", "identity": name}
    print(json.dumps({"id": question["id"],
                      **(yes if name else {"verdict": "next"})}), flush=True)
