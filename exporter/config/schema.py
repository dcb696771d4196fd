"""The JSON Schema of the config file, which editors complete and check by."""

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from exporter.config.model import ConfigFile


def schema() -> dict[str, object]:
    """The schema of :class:`ConfigFile`, as draft 2020-12 of JSON Schema."""
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **ConfigFile.model_json_schema(by_alias=True, schema_generator=_AsWritten),
    }


class _AsWritten(GenerateJsonSchema):
    """Pydantic's schema of what a person may write: no ``null``, and defaults only where they are written as such."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if isinstance(found.get("default"), dict | None):  # of a whole section, or none at all
            found.pop("default", None)
        return found
