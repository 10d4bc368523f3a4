"""Requests that schemathesis makes from the contract, right ones and wrong ones: every answer is the contract's."""

import subprocess
from pathlib import Path

import pytest

from harness import schemathesis
from harness.build import BUILD

SEED = 20261130
EXAMPLES = 25  # of each operation and phase
# Its coverage phase fails by itself on Python 3.11 ("AST constructor recursion depth mismatch").
PHASES = "examples,fuzzing,stateful"
# A repeated Idempotency-Key is answered with the task as it was made, though it may be deleted since.
EXCLUDED = "ensure_resource_availability"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PATIENCE = 300  # s


@pytest.fixture(scope="module")
def program():
    return schemathesis.program()


def test_every_answer_to_a_made_up_request_is_the_contracts(program, stack, alice, tmp_path):
    done = subprocess.run(
        [
            program, "--config-file", CONFIGURATION, "run", BUILD / "docs/openapi.json", "--url", stack.url, "--tls-verify", stack.certificate,
            "--header", f"Authorization: Bearer {alice.token}", "--include-tag", "Tasks", "--checks", "all", "--exclude-checks", EXCLUDED,
            "--phases", PHASES, "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--workers", "1", "--no-color",
        ],
        capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
