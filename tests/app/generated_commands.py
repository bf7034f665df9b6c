"""Commands of every kind about a small invented catalogue, drawn by a seeded die: most do something, many clash."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid5

from msgspec import UNSET

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from organizations.commands import (
    ReactivateOrganization,
    RegisterOrganization,
    SetIndustry,
    SuspendOrganization,
    UpdateOrganization,
)
from registry.commands import ActivateModule, DeactivateModule, DeleteModule, RegisterModule, UpdateModule

T = TypeVar("T")

NAMESPACE = UUID(int=7)
MODULES = [f"m_{letter}" for letter in "abcdefg"]
SPARES = ["m_x", "m_y"]
INDUSTRIES = [f"i_{letter}" for letter in "abc"]
NEWCOMERS = [str(uuid5(NAMESPACE, f"newcomer {number}")) for number in range(8)]
ORGANIZATIONS = [str(uuid5(NAMESPACE, f"organization {number}")) for number in range(5)]
NAMES = ["Bakery", "bakery", "Florist", "Mill", "Forge", "Inn"]
CONFIGS: list[dict[str, Any]] = [{}, {"a": 1}, {"a": 1.0}, {"a": True, "b": {"c": [1]}}, {"b": {"c": None}}]
SCHEMAS: list[dict[str, Any] | None] = [None, None, {"properties": {"a": {"type": "integer"}}}, {"maxProperties": 1}]


class Drawn(NamedTuple):
    """A command and whom it goes to."""

    context: str
    aggregate_id: str
    command: Any


def named_by(command: Any) -> set[tuple[str, str]]:
    """The modules and industries of its fields."""
    lists = [module.module_id for module in getattr(command, "modules", None) or []]
    modules = {getattr(command, "module_id", None), *getattr(command, "module_ids", []), *lists}
    named = {("registry", id_) for id_ in modules} | {("industries", getattr(command, "industry_code", None))}
    return {(context, id_) for context, id_ in named if id_ in {*MODULES, *INDUSTRIES}}


class Die:
    """Draws commands. The same seed draws the same ones.

    `unassigned` is told by who carries them out: whom an operation took something from.
    """

    def __init__(self, seed: int) -> None:
        self.unassigned: list[tuple[str, UUID]] = []
        self._random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._kinds: Sequence[tuple[int, Callable[[], Drawn]]] = [
            (2, self._register_module),
            (2, self._update_module),
            (4, self._switch_module),
            (2, self._delete_module),
            (2, self._create_industry),
            (3, self._update_industry),
            (1, self._delete_industry),
            (1, self._register_organization),
            (4, self._change_organization),
            (6, self._assign),
            (5, self._bulk_assign),
            (6, self._unassign),
            (2, self._restore),
            (8, self._apply),
            (5, self._configure),
        ]

    def command(self) -> Drawn:
        """The next one."""
        kinds = [kind for _, kind in self._kinds]
        (draw,) = self._random.choices(kinds, [weight for weight, _ in self._kinds])
        return draw()

    def rival(self, other: Drawn) -> Drawn:
        """One on the same aggregate as another, or on a module or industry that it names."""
        wanted = {(other.context, other.aggregate_id)}
        named = named_by(other.command) - wanted
        if named and self.happens(0.6):
            wanted = named
        while True:
            drawn = self.command()
            if (drawn.context, drawn.aggregate_id) in wanted:
                return drawn

    def catalogue(self) -> Sequence[Drawn]:
        """What there is in the beginning."""
        modules = [self._register_module(id_, is_active=True) for id_ in MODULES]
        industries = [self._create_industry(code, name) for code, name in zip(INDUSTRIES, NAMES[2:], strict=False)]
        organizations = [self._register_organization(id_, None) for id_ in ORGANIZATIONS[:-1]]
        return [*modules, *industries, *organizations]

    def happens(self, chance: float) -> bool:
        """Whether it does, this time."""
        return self._random.random() < chance

    def _one(self, of: Sequence[T]) -> T:
        return self._random.choice(of)

    def _some(self, of: Sequence[T], most: int) -> list[T]:
        return self._random.sample(of, self._random.randint(0, most))

    def _or_unset(self, of: Sequence[Any]) -> Any:
        return self._one(of) if self.happens(0.5) else UNSET

    def _module(self) -> str:
        """One that may be in use, or one that nobody has."""
        return self._one([*MODULES, *SPARES, *SPARES])

    def _register_module(self, id_: str = "", *, is_active: bool | None = None) -> Drawn:
        id_, name = id_ or self._module(), self._one(NAMES)
        active = self.happens(0.8) if is_active is None else is_active
        documents = self._one(CONFIGS), self._one(CONFIGS)
        schema = None if is_active else self._one(SCHEMAS)
        return Drawn("registry", id_, RegisterModule(id_, name, "", "Core", "s", "/s", "1", *documents, active, schema))

    def _update_module(self) -> Drawn:
        id_ = self._module()
        version, config, schema = (self._or_unset(values) for values in (["1", "2"], CONFIGS, SCHEMAS))
        change = UpdateModule(id_, version=version, default_config=config, config_schema=schema)
        return Drawn("registry", id_, change)

    def _switch_module(self) -> Drawn:
        id_ = self._module()
        return Drawn("registry", id_, ActivateModule(id_) if self.happens(0.7) else DeactivateModule(id_))

    def _delete_module(self) -> Drawn:
        id_ = self._module()
        return Drawn("registry", id_, DeleteModule(id_))

    def _list(self) -> list[TemplateModule]:
        return [
            TemplateModule(id_, is_required=self.happens(0.3), default_config=self._one(CONFIGS))
            for id_ in self._some(MODULES, 4)
        ]

    def _create_industry(self, code: str = "", name: str = "") -> Drawn:
        code = code or self._one(INDUSTRIES)
        return Drawn("industries", code, CreateIndustry(code, name or self._one(NAMES), "", modules=self._list()))

    def _update_industry(self) -> Drawn:
        code = self._one(INDUSTRIES)
        modules: Any = self._list() if self.happens(0.6) else UNSET
        name, active = self._or_unset(NAMES), self._or_unset([True, True, False])
        return Drawn("industries", code, UpdateIndustry(code, name, is_active=active, modules=modules))

    def _delete_industry(self) -> Drawn:
        code = self._one(INDUSTRIES)
        return Drawn("industries", code, DeleteIndustry(code))

    def _register_organization(self, id_: str = "", code: str | None = "") -> Drawn:
        id_ = id_ or self._one([*ORGANIZATIONS[:2], *NEWCOMERS])
        code = self._one([*INDUSTRIES, "i_never", None]) if code == "" else code
        return Drawn("organizations", id_, RegisterOrganization(id_, self._one(NAMES), code, uuid5(UUID(id_), "owner")))

    def _change_organization(self) -> Drawn:
        id_ = self._one(ORGANIZATIONS)
        change: Any = self._one(
            [
                UpdateOrganization(id_, self._one(NAMES)),
                SuspendOrganization(id_),
                ReactivateOrganization(id_),
                ReactivateOrganization(id_),
                SetIndustry(id_, self._one(INDUSTRIES)),
            ]
        )
        return Drawn("organizations", id_, change)

    def _assign(self) -> Drawn:
        id_ = self._one(ORGANIZATIONS)
        by = self._one(["ada", "bob"])
        return Drawn("assignments", id_, AssignModule(id_, self._one(MODULES), by, self._or_unset(CONFIGS)))

    def _bulk_assign(self) -> Drawn:
        id_ = self._one(ORGANIZATIONS)
        code = self._one(INDUSTRIES) if self.happens(0.3) else None
        return Drawn("assignments", id_, BulkAssignModules(id_, self._some(MODULES, 3), "ada", code))

    def _unassign(self) -> Drawn:
        id_ = self._one(ORGANIZATIONS)
        return Drawn("assignments", id_, UnassignModule(id_, self._one(MODULES), force=self.happens(0.3)))

    def _restore(self) -> Drawn:
        id_, operation_id = self._one([*self.unassigned[-4:], (self._one(ORGANIZATIONS), NAMESPACE)])
        return Drawn("assignments", id_, RestoreAssignments(id_, operation_id))

    def _apply(self) -> Drawn:
        id_, code = self._one(ORGANIZATIONS), self._one(INDUSTRIES)
        version = self._one([1, 2, 3]) if self.happens(0.2) else None
        mode: Any = self._one(["add", "replace"])
        return Drawn("assignments", id_, ApplyIndustryTemplate(id_, code, version, mode))

    def _configure(self) -> Drawn:
        id_ = self._one(ORGANIZATIONS)
        return Drawn("assignments", id_, UpdateModuleConfig(id_, self._one(MODULES), self._one(CONFIGS)))
