"""A running service for whoever looks at it from outside."""

from collections.abc import Iterator

import pytest

from devstack import Endpoints
from tests.support.api_client import Api, sign_in
from tests.support.service_process import ServiceProcess


@pytest.fixture(scope="module")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One replica in every role, that is gone where others are to do the work."""
    with ServiceProcess(endpoints, tmp_path_factory.mktemp("service") / "service.log") as process:
        yield process


@pytest.fixture(scope="module")
def admin(service: ServiceProcess) -> Api:
    return sign_in(service.url)
