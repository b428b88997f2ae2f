"""What licences of recordings allow the weights of models that are trained on them: taken strictly, no legal advice."""

from __future__ import annotations

ANY_USE = "any use"
ATTRIBUTION = "any use, with attribution"
DATABASE = "any use, with attribution; databases made of it, share alike"
NON_COMMERCIAL = "non-commercial, share alike, with attribution"
NO_DERIVATIVES = "non-commercial, not to be passed on (no derivatives)"
RESEARCH = "research only"
BY_AGREEMENT = "research only, by agreement"
NOT_STATED = "not stated; research only unless its makers allow more"
