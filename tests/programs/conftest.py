"""What other people's programs run on: a stack and a service of their own, and Node with its packages."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import pytest

from devstack import Endpoints, Stack
from tests.support.dedicated_stack import dedicated_stack
from tests.support.service_process import ServiceProcess
from tests.support.tools import make, run


@pytest.fixture(scope="package")
async def own_endpoints(parts: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    """Topics whose records may be deleted, and a database whose organizations are all known."""
    async with dedicated_stack(parts, tmp_path_factory.mktemp("programs"), partitions=2) as (_, addresses):
        yield addresses


@pytest.fixture(scope="package")
def service(own_endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(own_endpoints, tmp_path_factory.mktemp("service") / "service.log") as process:
        yield process


@pytest.fixture(scope="session")
def npm() -> Callable[..., str]:
    """npm in the repository, after the packages of package-lock.json were installed, unless they are."""
    make("packages")
    return partial(run, "sh", "scripts/node.sh", "npm")


@pytest.fixture(scope="session")
def build(npm: Callable[..., str]) -> Callable[[str], None]:
    """Compiles a workspace."""

    def compile_workspace(workspace: str) -> None:
        npm("run", "build", "--workspace", workspace)

    return compile_workspace
