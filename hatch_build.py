"""Put `iepile.py` into the wheel as the package's `__init__.py`; an editable install uses it where it lies."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["iepile.py"] = "__init__.py"
