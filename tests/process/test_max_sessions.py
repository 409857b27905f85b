"""How many sessions one connection may have open, as sshd's MaxSessions."""

from sallyport import wait_until


class Shared:
    """A connection that others use, as ssh's ControlMaster."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.path = daemon.folder / "mux"
        self.options = [f"ControlPath={self.path}"]
        self.master = daemon.popen("-N", options=[*self.options,
                                                  "ControlMaster=yes"])
        wait_until(self.path.exists)

    def open(self):
        client = self.daemon.popen("echo up; read line; echo $line",
                                   options=self.options)
        return client, client.stdout.readline()

    def close(self):
        self.master.kill()  # its loop may miss a SIGTERM
        self.master.wait(10)


def refusal(shared):
    """ssh would log in anew where the connection is refused: it cannot."""
    options = [*shared.options, "ProxyCommand=false"]
    return shared.daemon.ssh("true", options=options)


def test_ten_sessions_and_no_more_unless_the_profile_says_so(make_daemon):
    daemon = make_daemon()
    shared = Shared(daemon)
    try:
        opened = [shared.open() for _ in range(10)]
        assert [line for _, line in opened] == [b"up\n"] * 10
        assert refusal(shared).returncode == 255
        refused = daemon.expect("sessions_exceeded")[0]
        assert refused["user"] == daemon.user
        # Those that are there go on, and one that ends makes room.
        out, _ = opened.pop()[0].communicate(b"bye\n", timeout=20)
        assert out == b"bye\n"
        client, line = shared.open()
        assert line == b"up\n"
        for each in (client, *(one for one, _ in opened)):
            assert each.communicate(b"end\n", timeout=20)[0] == b"end\n"
        daemon.expect("program_started", 11)
    finally:
        shared.close()


def test_with_none_a_connection_is_all_there_is(make_daemon):
    daemon = make_daemon(profile="max_sessions = 0;")
    done = daemon.ssh("echo never")
    assert (done.returncode, done.stdout) == (255, b"")
    daemon.expect("sessions_exceeded")
    client = daemon.popen("-N")
    wait_until(lambda: len(daemon.records("session_opened")) == 2)
    assert client.poll() is None
    client.kill()
    client.wait(10)


def test_each_connection_has_its_own(make_daemon):
    daemon = make_daemon(profile="max_sessions = 1;")
    first, second = [daemon.popen("echo up; cat") for _ in range(2)]
    for client in (first, second):
        assert client.stdout.readline() == b"up\n"
        client.communicate(timeout=20)
    assert daemon.records("sessions_exceeded") == []


def test_channels_are_counted_before_sessions_are(make_daemon):
    daemon = make_daemon(profile="max_channels = 2;")
    shared = Shared(daemon)
    try:
        opened = [shared.open() for _ in range(2)]
        assert [line for _, line in opened] == [b"up\n"] * 2
        assert refusal(shared).returncode == 255
        for client, _ in opened:
            assert client.communicate(b"end\n", timeout=20)[0] == b"end\n"
        assert daemon.records("sessions_exceeded") == []
        daemon.expect("program_started", 2)
    finally:
        shared.close()
