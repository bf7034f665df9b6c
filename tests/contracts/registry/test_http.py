from tests.contracts.http import Contract


def test_the_routes_keep_to_the_document_whatever_is_asked(contract: Contract) -> None:
    assert contract.findings("registry") == []
