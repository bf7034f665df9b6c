"""The OpenAPI and AsyncAPI documents and the schemas of messages, made from the code."""

from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]


def read_data(name: str) -> Any:
    return yaml.safe_load((Path(__file__).parent / name).read_bytes())
