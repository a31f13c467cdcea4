"""The API describes itself completely."""

from __future__ import annotations

from typing import Any

from hub.domain.announcements import Kind
from tests.hub.api.conftest import Api


async def test_every_operation_has_a_summary_a_description_and_typed_answers(api: Api) -> None:
    described = (await api.client.get("/api/v1/openapi.json")).json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                is_typed = any("schema" in kind or name != "application/json" for name, kind in _content(answer))
                assert is_typed or status == "204", (method, path, status)


def _content(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(answer.get("content", {}).items())


async def test_every_refusal_is_described_as_one_shape(api: Api) -> None:
    described = (await api.client.get("/api/v1/openapi.json")).json()
    for path, methods in described["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")) and path != "/readyz":
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorBody"}, (path, status)


async def test_the_kinds_and_an_example_are_described(api: Api) -> None:
    schemas = (await api.client.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    assert schemas["NewAnnouncement"]["properties"]["kind"]["enum"] == [kind.value for kind in Kind]
    assert schemas["NewAnnouncement"]["example"]["places"] == ["all"]
