"""What every test of this folder may ask for, and which come first."""

from fixtures import daemon, folder, make_daemon  # noqa: F401

# What takes minutes by itself: where files run beside each other the last
# would be waited for alone.
LONG = ("test_timing", "test_evil_gate")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.module.__name__ not in LONG)
