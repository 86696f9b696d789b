"""A request as the child reads it: one JSON document, the same for a stand-in and for a native library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mapiwright.entry.child.property_json import properties_to_json
from mapiwright.mapi.props.tags import WELL_KNOWN

if TYPE_CHECKING:
    from mapiwright.entry.service.contract import EntryRequest


def encode(request: EntryRequest, deadline: float, **host: Any) -> bytes:
    """The bytes of the document; ``host`` is what the kind of host needs in addition: sources, or a library.

    It holds secrets where the request does, and goes through the child's pipe and nowhere else.
    """
    document = {
        **host,
        "deadline": deadline,
        "context": int(request.context),
        "flags": int(request.flags),
        "profile": request.profile,
        "code_page": request.code_page,
        "properties": properties_to_json(request.properties),
        "definitions": {name: properties_to_json(given) for name, given in request.definitions.items()},
        "foreign": sorted(request.foreign),
        "reserved": sorted(WELL_KNOWN.keys() - {section.uid for section in request.sections}),
        "search_key": request.search_key.hex(),
        "adopt": dict([request.provider]) if request.provider else {},
        "sections": [
            {
                "uid": section.uid,
                "role": section.role,
                "name": section.name,
                "properties": properties_to_json(section.properties),
            }
            for section in request.sections
        ],
    }
    return json.dumps(document).encode()
