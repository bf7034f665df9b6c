"""The UI's own tests of screens and parts, which answer requests themselves."""

from tests.support.tools import make, run


def test_screens_and_parts_pass_their_own_tests() -> None:
    make("packages")
    run("sh", "scripts/node.sh", "npm", "run", "test", "--workspace", "web")
