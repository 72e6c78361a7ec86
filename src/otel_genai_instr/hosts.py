"""What the name of a host says."""

from __future__ import annotations

import re
from typing import Final

# https://developers.openai.com/api/docs/guides/your-data, https://docs.x.ai/developers/advanced-api-usage/regions,
# https://docs.mistral.ai/studio-api/regional-inference, https://cloud.google.com/vertex-ai/docs/general/locations
_OF_ONE_REGION: Final = re.compile(
    r"(?P<before>[a-z0-9-]+)(?:\.api\.openai\.com|\.api\.x\.ai|-aiplatform\.googleapis\.com)"
    r"|api\.(?P<between>[a-z0-9-]+)\.mistral\.ai"
)


def region_of_host(host: str) -> str | None:
    """The region in which this host computes, in the provider's own words; ``None`` if the host doesn't say."""
    found = _OF_ONE_REGION.fullmatch(host)
    return found["before"] or found["between"] if found is not None else None
