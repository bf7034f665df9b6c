"""Somebody in front of the UI: what they do, and what their browser complains of."""

import json
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import ConsoleMessage, Page, expect

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours on their way to others are nobody's colours.
SETTLED = """async () => {
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
  await Promise.allSettled(document.getAnimations()
    .filter(each => each.effect.getComputedTiming().endTime !== Infinity).map(each => each.finished))
}"""
EXAMINE = "async tags => (await axe.run(document, {runOnly: tags})).violations"


class Person:
    """Has one page open. `complaints`: what the browser's console said that is wrong, refused requests left out."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal is part of the dialogue with the service; the browser logs it for every status over 399.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def sign_in(self, email: str, password: str) -> None:
        await self.page.goto("/login")
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("navigation")).to_be_visible()

    async def barriers(self) -> list[dict[str, Any]]:
        """The violations in the light scheme and those in the dark one."""
        found: list[dict[str, Any]] = []
        for scheme in SCHEMES:
            await self.page.emulate_media(color_scheme=scheme)
            found += await self.violations()
        return found

    async def violations(self) -> list[dict[str, Any]]:
        """What of the accessibility rules the page as it is now breaks: rule, and where."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        await self.page.evaluate(SETTLED)
        found: list[dict[str, Any]] = json.loads(json.dumps(await self.page.evaluate(EXAMINE, RULES)))
        return [
            {
                "rule": each["id"],
                "where": [node["html"][:200] for node in each["nodes"]],
                "why": each["nodes"][0]["failureSummary"],
            }
            for each in found
        ]
