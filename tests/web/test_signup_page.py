"""Signing up, and the workspace it leads to: on a small screen, by keyboard alone, and when things go wrong."""

import re
from collections.abc import Mapping
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, Route, ViewportSize, expect

from tests.support.api_client import Api
from tests.web.conftest import NewPerson

PHONE: ViewportSize = {"width": 360, "height": 740}
PASSWORD = "correct horse battery"


def offered(admin: Api, *modules: str, optional: str) -> str:
    """An industry with these modules required and one optional; returns its code, which its name holds."""
    code = f"i_{uuid4().hex[:12]}"
    listed = [{"module_id": module_id, "is_required": True} for module_id in modules]
    listed.append({"module_id": optional, "is_required": False})
    body = {"industry_code": code, "industry_name": f"Industry {code}", "modules": listed}
    assert admin.decided("/industries", body).status_code == 201
    return code


def module(admin: Api) -> tuple[str, str]:
    """A module of its own name: its id and the name."""
    name = f"Module {uuid4().hex[:8]}"
    return admin.module(module_name=name, description=f"What {name} is for."), name


async def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until it has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


async def fill_in(page: Page, email: str, name: str) -> None:
    await page.get_by_label("Organization", exact=True).fill(name)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)


def modules_of(admin: Api, name: str) -> Mapping[str, bool]:
    """What the organization of this name has, and whether it is required."""
    (organization,) = admin.client.get("/organizations", params={"q": name}).json()["items"]
    items = admin.get(f"/organizations/{organization['organization_id']}/modules").json()["items"]
    return {item["module_name"]: item["is_required"] for item in items}


async def test_signing_up_on_a_phone_by_keyboard_alone_ends_in_the_workspace_with_the_industrys_modules(
    new_person: NewPerson, admin: Api
) -> None:
    (first, first_name), (second, second_name), (extra, extra_name) = module(admin), module(admin), module(admin)
    code = offered(admin, first, second, optional=extra)
    name = f"Bakery {uuid4().hex[:8]}"
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.set_viewport_size(PHONE)
        await page.goto("/signup")
        await tab_to(page, page.get_by_label("Find your industry"))
        await page.keyboard.type(code)
        industry = page.get_by_role("radio", name=code)
        await expect(page.get_by_role("radio")).to_have_count(2)  # this one, and to skip
        await tab_to(page, industry)
        await page.keyboard.press("Space")
        await expect(page.get_by_text(f"3 modules with Industry {code}")).to_be_visible()
        await expect(page.get_by_text(f"What {first_name} is for.")).to_be_visible()
        await expect(page.get_by_text(extra_name, exact=True)).to_be_hidden()
        await tab_to(page, page.get_by_role("button", name="1 optional module"))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(extra_name, exact=True)).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            assert await person.violations() == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for label, text in (("Organization", name), ("E-mail", f"{uuid4().hex}@example.com"), ("Password", PASSWORD)):
            await tab_to(page, page.get_by_label(label, exact=True))
            await page.keyboard.type(text)
        await expect(page.get_by_text("At least 12 characters").locator("..")).to_contain_text("met")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/organization*")
        await expect(page.get_by_text(f"{name} is ready")).to_be_visible()
        await expect(page.get_by_role("listitem")).to_have_count(3)
        for ready_in in ("light", "dark"):
            await page.emulate_media(color_scheme=ready_in)
            assert await person.violations() == []
        assert person.complaints == []
    assert modules_of(admin, name) == {first_name: True, second_name: True, extra_name: False}


async def test_an_industry_that_is_withdrawn_meanwhile_is_said_to_be_and_what_was_typed_stays(
    new_person: NewPerson, admin: Api
) -> None:
    (required, _), (extra, _) = module(admin), module(admin)
    code = offered(admin, required, optional=extra)
    email, name = f"{uuid4().hex}@example.com", f"Garage {uuid4().hex[:8]}"
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.goto(f"/signup?industry={code}")
        await expect(page.get_by_role("radio", name=code)).to_be_checked()
        await fill_in(page, email, name)
        assert admin.patch(f"/industries/{code}", {"is_active": False}).status_code == 200
        await page.get_by_role("button", name="Create organization").click()
        await expect(page.get_by_text("This industry is no longer offered")).to_be_visible()
        await expect(page.get_by_role("radio", name=code)).to_have_count(0)
        await expect(page.get_by_label("E-mail")).to_have_value(email)
        await expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
        await page.get_by_role("radio", name="Skip").check()
        await page.get_by_role("button", name="Create organization").click()
        await page.wait_for_url("**/organization*")
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert modules_of(admin, name) == {}


async def test_a_signup_that_is_not_decided_at_once_goes_on_by_itself_and_the_workspace_fills(
    new_person: NewPerson, admin: Api
) -> None:
    (required, required_name), (extra, extra_name) = module(admin), module(admin)
    code = offered(admin, required, optional=extra)
    name = f"Clinic {uuid4().hex[:8]}"

    async def later(route: Route) -> None:
        await route.continue_(headers={**route.request.headers, "Prefer": "respond-async"})

    async with new_person(signed_in=False) as person:
        page = person.page
        await page.route("**/organizations/signup", later)
        await page.goto(f"/signup?industry={code}")
        await fill_in(page, f"{uuid4().hex}@example.com", name)
        await page.get_by_role("button", name="Create organization").click()
        await page.wait_for_url("**/organization*")
        for module_name in (required_name, extra_name):
            await expect(page.get_by_role("listitem").filter(has_text=module_name)).not_to_contain_text("Being set up")
        await expect(page.get_by_text(f"{name} is ready")).to_be_visible()


async def test_an_admin_changes_the_settings_of_their_organizations_module(new_person: NewPerson, admin: Api) -> None:
    schema = {"type": "object", "properties": {"currency": {"type": "string", "title": "Currency"}}}
    till, name = f"Till {uuid4().hex[:8]}", f"Bakery {uuid4().hex[:8]}"
    configured = admin.module(module_name=till, config_schema=schema, default_config={"currency": "EUR"})
    plain, plain_name = module(admin)
    code = offered(admin, configured, optional=plain)
    email = f"{uuid4().hex}@example.com"
    organization = admin.organization(code, organization_name=name, admin_email=email, admin_password=PASSWORD)
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.goto("/login")
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("listitem").filter(has_text=plain_name)).to_be_visible()
        await expect(page.get_by_role("button", name=f"Settings of {plain_name}")).to_have_count(0)
        await page.get_by_role("button", name=f"Settings of {till}").click()
        await expect(page).to_have_url(re.compile(f"module={configured}"))
        drawer = page.get_by_role("dialog")
        await drawer.get_by_label("Currency", exact=True).fill("CHF")
        assert await person.barriers() == []
        await drawer.get_by_role("button", name="Review changes").click()
        await drawer.get_by_role("button", name="Save").click()
        await expect(page.get_by_text(f"Config of {till} saved for {name}")).to_be_visible()
        assert admin.modules_of(organization)[configured]["own_config"] == {"currency": "CHF"}
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("Undone.")).to_be_visible()
        assert admin.modules_of(organization)[configured]["own_config"] == {}
        assert person.complaints == []


async def test_an_e_mail_that_is_taken_is_said_at_its_field(new_person: NewPerson, admin: Api) -> None:
    email = f"{uuid4().hex}@example.com"
    body = {"organization_name": "The first", "admin_email": email, "admin_password": PASSWORD}
    assert admin.decided("/organizations/signup", body).status_code == 201
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.goto("/signup?skip=true")
        await fill_in(page, email, "The second")
        await page.get_by_role("button", name="Create organization").click()
        await expect(page.get_by_text("This e-mail is taken.")).to_be_visible()
        await expect(page.get_by_label("E-mail")).to_be_focused()
        await expect(page.get_by_label("Organization", exact=True)).to_have_value("The second")


async def test_a_button_that_is_gone_once_it_is_pressed_leaves_the_focus_at_what_it_brought(
    new_person: NewPerson, admin: Api
) -> None:
    listed = sorted(module(admin) for _ in range(9))
    industry = admin.industry([{"module_id": module_id, "is_required": True} for module_id, _ in listed])
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.goto(f"/signup?industry={industry}")
        await page.get_by_role("button", name="Show all 9").press("Enter")
        seventh = page.get_by_role("region", name="What you get").get_by_role("listitem").nth(6)
        await expect(seventh).to_be_focused()
        assert person.complaints == []


@pytest.mark.parametrize("path", ["/signup?skip=true", "/login"])
async def test_a_field_that_is_wrong_gets_the_focus_and_is_seen_with_all_of_its_error(
    new_person: NewPerson, path: str
) -> None:
    async with new_person(signed_in=False) as person:
        page = person.page
        await page.set_viewport_size({"width": 360, "height": 480})
        await page.goto(path)
        if "signup" in path:
            await page.get_by_label("Organization", exact=True).fill("Bakery")
        await page.get_by_label("E-mail").fill("ada@acme.example")
        password = page.get_by_label("Password", exact=True)
        await password.fill("short")
        await password.press("Enter")
        await expect(password).to_be_focused()
        error = page.locator(".mantine-InputWrapper-error")
        await expect(error).to_be_visible()
        await expect(error).to_be_in_viewport(ratio=1)
