"""One stack for most tests; tests that need another configuration, or break things, start their own."""

import contextlib
import os

import pytest

from harness import logs, run
from harness.master import Master
from harness.processes import wait_for
from harness.stack import Stack
from harness.times import Times


def pytest_configure(config):
    run.set_signals()
    os.umask(0o022)
    config.pluginmanager.register(Times())


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind():
    """The last fixture to be torn down."""
    yield
    left = run.end_what_is_left()
    assert not left, f"left behind by the tests of this process: {left}"


@pytest.fixture(scope="session")
def stack(request, nothing_is_left_behind):  # named, so that it is torn down before that one
    # The smoke set has one stack: nothing is gained by a template for it.
    started = Stack(from_nothing=request.config.option.markexpr == "smoke").start()
    yield started
    started.stop()


@pytest.fixture
def new_stack():
    """Starts stacks that end with the test, each of them whatever becomes of the others."""
    with contextlib.ExitStack() as started:

        def start(**how):
            each = Stack(**how).start()
            started.callback(each.stop)
            return each

        yield start


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


@pytest.fixture
def operator(stack):
    """A client of the operators' listener."""
    client = stack.operator()
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
    with contextlib.ExitStack() as started:

        def start(**how):
            each = Master(stack, **how)
            started.callback(each.stop)
            return each.start()

        yield start


@pytest.fixture
def serves_on(master):
    """The one worker of a module's `master` must be the same after the test as before it, and serve."""
    (before,) = master.worker_pids()
    yield
    wait_for(master.serves, "the worker to serve again")
    assert master.worker_pids() == [before], "the worker died and was replaced"
