from tests.support.api_client import Api


def test_a_signup_gets_the_modules_of_its_industry(admin: Api) -> None:
    first, second = admin.module(), admin.module()
    industry = admin.industry([{"module_id": first, "is_required": True}, second])
    organization = admin.organization(industry)
    items = admin.modules_of(organization)
    assert items.keys() == {first, second}
    assert items[first]["is_required"]
    assert not items[second]["is_required"]
