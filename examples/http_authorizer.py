#!/usr/bin/env python3
"""Who may come in with which key: a JSON object by POST, and one back.

auth = { team = { type = "http"; url = "http://127.0.0.1:8080/"; }; };
"""
import http.server
import json
import sys

TEAM = dict(line.split() for line in open(sys.argv[2]))  # fingerprint, name


class Authorizer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the connection stays open

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        question = json.loads(self.rfile.read(length))
        name = TEAM.get(question.get("key_fp"))
        yes = {"verdict": "allow", "identity": name}
        answer = json.dumps({"id": question["id"],
                             **(yes if name else {"verdict": "next"})})
        self.send_response(200)
        self.send_header("Content-Length", len(answer))
        self.end_headers()
        self.wfile.write(answer.encode())


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])),
                                Authorizer).serve_forever()
