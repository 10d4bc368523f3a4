"""One stack for most tests; tests that need another configuration, or break things, start their own."""

import signal

import pytest

from harness import logs
from harness.master import Master
from harness.stack import Stack


def pytest_configure():
    """Told to end, the run still ends its stacks: as after Ctrl-C, every fixture is torn down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def stack():
    started = Stack().start()
    yield started
    started.stop()


@pytest.fixture
def new_stack():
    """Starts stacks that end with the test."""
    started = []

    def start(**how):
        started.append(Stack(**how).start())
        return started[-1]

    yield start
    for each in reversed(started):
        each.stop()


@pytest.fixture
def alice(stack):
    client = stack.user("alice")
    yield client
    client.close()


@pytest.fixture
def bob(stack):
    client = stack.user("bob")
    yield client
    client.close()


@pytest.fixture
def anyone(stack):
    """A client without a token."""
    client = stack.anonymous()
    yield client
    client.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        for each in Stack.running:
            each.failed = True
            report.sections.append((f"logs of {each.state}", logs.tail(each.log)))


@pytest.fixture
def new_master(stack):
    """Starts masters without nginx, on the shared stack's database, that end with the test."""
    started = []

    def start(**how):
        started.append(Master(stack, **how))
        return started[-1].start()

    yield start
    for each in reversed(started):
        each.stop()
