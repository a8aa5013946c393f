"""CloudFormation's names of properties as an API spells them. Pure."""

from typing import Any


def as_in_the_api(properties: dict[str, Any]) -> dict[str, Any]:
    """An HTTP API's properties with the members of its CORS configuration spelled as in the API."""
    configuration = properties.get("CorsConfiguration")
    if not configuration:
        return properties
    spelled = {name[:1].lower() + name[1:]: value for name, value in configuration.items()}
    return {**properties, "CorsConfiguration": spelled}
