"""The module types of the first catalogue, as a type for those who want one. Nothing validates with it."""

from enum import StrEnum


# Enum for type safety only - actual modules come from ModuleRegistry
class ModuleType(StrEnum):
    """May lag behind the live registry; `modplane status` reports by how much."""

    PROJECTS = "projects"
    HR = "hr"
    FINANCE = "finance"
    CRM = "crm"
    INVENTORY = "inventory"
    PRODUCTS = "products"
    CONTACT = "contact"
    CAREER = "career"
    PORTFOLIO = "portfolio"
    ATTENDANCE = "attendance"
    LEAVE = "leave"
