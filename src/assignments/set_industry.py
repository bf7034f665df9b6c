"""Sets the industry of an organization whose template was applied, before the request is answered."""

import msgspec

from assignments.commands import AssignmentResult
from assignments.ports import OrganizationIndustry
from shared.messages import Outcome


async def set_industry(industry: OrganizationIndustry, outcome: Outcome, user_id: str) -> None:
    if outcome.status != "applied" or outcome.result is None:
        return
    result = msgspec.json.decode(outcome.result, type=AssignmentResult)
    if result.sets_industry and result.industry_code is not None:
        await industry.set_industry(outcome.aggregate_id, result.industry_code, outcome.event_ids[-1], user_id)
