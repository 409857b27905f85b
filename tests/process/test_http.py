"""`type = "http"`: a server says who may come in."""

import http.server
import json
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

import pytest

import asking
import sallyport
from sallyport import wait_until
from test_program import ECHO, failures, fingerprint

if not (sallyport.BUILD / "modules/http.so").exists():
    pytest.skip("built without libcurl", allow_module_level=True)

CONFIG = """\
server = {{ listen = [ "127.0.0.1:{port}" ]; login_time = "20s"; {server} }};
log = {{ to = "stderr"; format = "json"; level = "debug"; }};
auth = {{ asked = {{ type = "http"; url = "URL"; timeout = "2s"; {file}
    OPTIONS }}; other = {{ type = "authorized_keys"; KEYS }}; }};
handlers = {{ login = {{ HANDLER }}; }};
profiles = {{ all = {{ accept = ACCEPT; exec = "login"; {profile} }}; }};
rules = ( {{ use = "all"; }} );
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)
        self.server.questions.append(question)
        self.server.peers.add(self.client_address)
        self.server.types.add(self.headers["Content-Type"])
        self.server.reply(self, question)

    def say(self, question=None, *, status=200, text=None, headers=(), **more):
        answer = text if text is not None else json.dumps(
            {"id": question["id"], **more})
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", len(answer.encode()))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("unix", id(connection))


def allow(handler, question):
    handler.say(question, verdict="allow", identity="carol")


@pytest.fixture
def serve():
    """A server that answers as it is told, until the test is over."""
    running = []

    def make(reply=allow, path=None, tls=None):
        if path is None:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.url = f"http://127.0.0.1:{server.server_address[1]}/who"
        else:
            server = UnixServer(str(path), Handler)
            path.chmod(0o666)
            server.url = "http://unix/who"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket,
                                                server_side=True)
            server.url = server.url.replace("http:", "https:")
        server.reply = reply
        server.questions, server.peers, server.types = [], set(), set()
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,),
                         daemon=True).start()
        running.append(server)
        return server

    yield make
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def start(make_daemon, folder):
    def make(url, options="", accept='"asked"', handler=ECHO, server=""):
        keys = "" if sallyport.is_root() else f'file = "{folder}/0/keys";'
        config = CONFIG.replace("URL", url).replace(
            "OPTIONS", options).replace("KEYS", keys).replace(
                "ACCEPT", accept).replace("HANDLER", handler)
        return make_daemon(config=config.replace("{file}", ""), server=server)
    return make


def test_a_question_is_posted_on_a_connection_that_stays(start, serve):
    server = serve()
    daemon = start(server.url)
    assert [daemon.ssh("who").stdout for _ in range(3)] == [b"carol\n"] * 3
    probe, proof = server.questions[:2]
    assert probe["probe"] is True and "probe" not in proof
    assert (proof["v"], proof["ask"], proof["method"], proof["user"],
            proof["key_fp"], proof["peer"]) == (
        1, "check", "publickey", daemon.user, fingerprint(daemon),
        "127.0.0.1")
    assert len(server.questions) == 6 and len(server.peers) == 1
    assert server.types == {"application/json"}


def test_it_may_be_a_unix_socket(start, serve, folder):
    folder.chmod(0o755)
    server = serve(path=folder / "socket")
    daemon = start(server.url, f'socket = "{folder}/socket";')
    assert daemon.ssh("who").stdout == b"carol\n"
    assert server.questions


def test_a_password_is_right_or_wrong_and_in_no_log(start, serve):
    def reply(handler, question):
        right = question.get("password") == "Grün-8fj2kd"
        handler.say(question, verdict="allow" if right else "deny")

    server = serve(reply)
    daemon = start(server.url, 'cache_yes = "1m"; cache_no = "1m";',
                   handler='type = "login";')
    for _ in range(2):
        done, _ = asking.login(daemon, "password", "Grün-8fj2kd")
        assert done.stdout == b"in\n", done.stderr
        done, _ = asking.login(daemon, "password", "Rot-8fj2kd")
        assert done.stdout == b""
    # Each was asked about once.
    assert len(server.questions) == 2
    asking.assert_no_secret(daemon, "8fj2kd")


def test_a_prompt_goes_to_the_client_and_is_never_remembered(start, serve):
    def reply(handler, question):
        if question["ask"] == "check":
            handler.say(question, prompt="Code? ", echo=False)
        else:
            right = question["answer"] == "4711"
            handler.say(question, verdict="allow" if right else "deny")

    server = serve(reply)
    daemon = start(server.url, 'cache_yes = "1m"; cache_no = "1m";',
                   handler='type = "login";')
    for _ in range(2):
        done, prompts = asking.login(daemon, "keyboard-interactive", "4711")
        assert (done.stdout, prompts) == (b"in\n", ["Code? "])
    assert len(server.questions) == 4
    assert server.questions[0]["id"] == server.questions[1]["id"]
    assert server.questions[2]["id"] > server.questions[0]["id"]


def test_yes_and_no_are_remembered_each_for_its_time(start, serve):
    server = serve()
    daemon = start(server.url, 'cache_yes = "2s"; cache_no = "1h";')
    assert daemon.ssh("who").stdout == b"carol\n"
    asked = len(server.questions)
    server.reply = lambda handler, question: handler.say(
        question, verdict="next")
    assert daemon.ssh("who").stdout == b"carol\n"
    assert len(server.questions) == asked
    time.sleep(2.1)
    assert daemon.ssh("who").returncode != 0
    asked = len(server.questions)
    server.reply = allow
    assert daemon.ssh("who").returncode != 0
    assert len(server.questions) == asked
    # A service of another reading has another memory.
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reloaded")
    wait_until(lambda: daemon.ssh("who").stdout == b"carol\n",
               what="a login after the reload")


def test_nothing_is_remembered_unless_it_is_said(start, serve):
    server = serve()
    daemon = start(server.url)
    for count in (2, 4):
        assert daemon.ssh("who").returncode == 0
        assert len(server.questions) == count


def test_a_failure_is_never_remembered(start, serve):
    server = serve(lambda handler, _: handler.say(text="", status=500))
    daemon = start(server.url, 'cache_yes = "1h"; cache_no = "1h";')
    assert daemon.ssh("who").returncode != 0
    server.reply = allow
    assert daemon.ssh("who").stdout == b"carol\n"


def slowly(handler, _):
    time.sleep(4)
    handler.close_connection = True


def hang_up(handler, _):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


BAD = {
    "another status": (lambda h, q: h.say(q, status=404, verdict="allow"),
                       "status 404"),
    "a redirection": (lambda h, q: h.say(
        q, status=302, verdict="allow", headers=[("Location", "/who")]),
        "status 302"),
    "no JSON": (lambda h, q: h.say(text="<p>allow</p>"), "not the JSON"),
    "nothing": (lambda h, q: h.say(text=""), "not the JSON"),
    "too much": (lambda h, q: h.say(text=" " * 20000), "too long"),
    "too many headers": (lambda h, q: h.say(
        q, verdict="allow", headers=[(f"X-{i}", "x" * 1000)
                                     for i in range(20)]), "too long"),
    "another's": (lambda h, q: h.say({"id": q["id"] + 1}, verdict="allow"),
                  "another question"),
    "late": (slowly, "no answer within 2000 ms"),
    "gone": (hang_up, ""),
}


@pytest.mark.parametrize("kind", BAD)
def test_no_answer_is_a_refusal_with_one_line(start, serve, kind):
    reply, words = BAD[kind]
    server = serve(reply)
    daemon = start(server.url, accept='[ "asked", "other" ]')
    assert daemon.ssh("who").returncode != 0
    reason, = wait_until(lambda: failures(daemon), what="a line")
    assert words in reason or (kind == "late" and "imed out" in reason)
    assert f"about {daemon.user}" in reason and server.url in reason
    # Where a redirection leads nobody goes.
    assert kind == "gone" or len(server.questions) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422, 431])
def test_a_server_that_refuses_the_question_has_answered_it(
        start, serve, status):
    server = serve(lambda h, q: h.say(q, status=status, verdict="allow"))
    daemon = start(server.url, 'on_failure = "next"; cache_yes = "1h";',
                   accept='[ "asked", "other" ]')
    assert daemon.ssh("who").returncode != 0
    record, = wait_until(lambda: [
        each for each in daemon.records("module_notice")
        if each["detail"] == "ask_refused"])
    assert f"status {status}" in record["reason"]
    assert not failures(daemon)


@pytest.mark.parametrize("status", [204, 301, 404, 408, 429, 500, 503])
def test_a_server_that_cannot_answer_has_failed(start, serve, status):
    server = serve(lambda h, q: h.say(q, status=status, text=""))
    daemon = start(server.url, 'on_failure = "next";',
                   accept='[ "asked", "other" ]')
    assert daemon.ssh("who").returncode == 0
    assert failures(daemon)


def charge(daemon):
    """Three logins that fail, from where none is exempt."""
    for _ in range(3):
        assert daemon.ssh("who", options=["BindAddress=127.0.9.1"]
                          ).returncode != 0


PENALTIES = """penalties = { authfail = "60s"; noauth = "0"; min = "150s";
  max = "1000s"; exempt = [ ]; };"""


@pytest.mark.parametrize("status, is_charged", [(403, True), (503, False)])
def test_who_a_server_refuses_pays_and_for_one_that_is_broken_nobody(
        start, serve, status, is_charged):
    server = serve(lambda h, q: h.say(q, status=status, text=""))
    daemon = start(server.url, server=PENALTIES)
    charge(daemon)
    if is_charged:
        daemon.expect("source_penalised")
        return
    server.reply = lambda h, q: h.say(q, verdict="deny")
    # What was told before is charged before.
    charge(daemon)
    record, = daemon.expect("source_penalised")
    assert record["seconds"] <= 180


def test_no_server_is_a_refusal_unless_the_way_says_next(start):
    url = f"http://127.0.0.1:{sallyport.free_port()}/"
    daemon = start(url, 'on_failure = "next";', accept='[ "asked", "other" ]')
    assert daemon.ssh("who").returncode == 0
    assert "onnect" in failures(daemon)[0]


def test_one_that_is_slow_delays_no_other(start, serve):
    def reply(handler, question):
        if question["method"] != "publickey":
            time.sleep(1.5)
        handler.say(question, verdict="allow", identity="carol")

    server = serve(reply)
    daemon = start(server.url)
    slow = threading.Thread(target=asking.login,
                            args=(daemon, "password", "x"))
    slow.start()
    try:
        wait_until(lambda: server.questions, what="the slow question")
        started = time.monotonic()
        assert daemon.ssh("who").returncode == 0
        assert time.monotonic() - started < 1.2
    finally:
        slow.join()
    assert not failures(daemon)


def test_whom_nobody_vouches_for_is_not_believed(start, serve, folder):
    key, certificate = folder / "tls.key", folder / "tls.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
         certificate, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1"], check=True,
        stderr=subprocess.DEVNULL)
    folder.chmod(0o755)
    server = serve(tls=(certificate, key))
    daemon = start(server.url)
    assert daemon.ssh("who").returncode != 0
    assert not server.questions
    assert "certificate" in failures(daemon)[0]
    vouched = start(server.url, f'ca = "{certificate}";')
    assert vouched.ssh("who").stdout == b"carol\n"
    # Of another name it is another's.
    other = start(server.url.replace("127.0.0.1", "localhost"),
                  f'ca = "{certificate}";')
    assert other.ssh("who").returncode != 0
    assert len(server.questions) == 2


@pytest.mark.parametrize("url, options, words", [
    ("http://auth.example.net/", "", "https://"),
    ("http://127.0.0.1.example.net/", "", "https://"),
    ("http://127.0.0.1@example.net/", "", "password in it"),
    ("file:///etc/passwd", "", "must begin with"),
    ("https://example.net/", 'socket = "here";', "absolute"),
    ("https://example.net/", 'ca = "here";', "absolute"),
])
def test_what_would_be_unsafe_is_a_mistake(start, serve, url, options, words):
    server = serve()
    daemon = start(server.url)
    daemon.config.write_text(daemon.config.read_text().replace(
        f'url = "{server.url}";', f'url = "{url}"; {options}'))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.expect("reload_refused")
    assert any(words in record["reason"]
               for record in daemon.records("process_failed"))
    assert daemon.ssh("who").returncode == 0


def test_the_environment_sends_it_nowhere_else(start, serve, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1/")
    daemon = start(serve().url)
    assert daemon.ssh("who").stdout == b"carol\n"


def test_the_example_is_short_and_lets_in_by_fingerprint(start, folder):
    example = sallyport.SOURCE / "examples/http_authorizer.py"
    assert len(example.read_text().splitlines()) <= 30
    port, team = sallyport.free_port(), folder / "team"
    team.write_text("")
    daemon = start(f"http://127.0.0.1:{port}/", 'cache_yes = "10s";')
    team.write_text(f"{fingerprint(daemon)} carol\n")
    with subprocess.Popen([sys.executable, example, str(port), team],
                          stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: daemon.ssh("who").stdout == b"carol\n",
                       what="a login by the example")
        finally:
            server.kill()
