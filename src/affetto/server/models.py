"""``GET /v1/models``: the models of this installation, and their cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response

from affetto.adaptation.prior import describe_prior
from affetto.bundles.card import model_card
from affetto.server.openapi import RECOGNITION_EXAMPLE, problem_responses
from affetto.server.problems import ProblemError
from affetto.server.state import Service, ServiceDependency  # noqa: TC001 (as above)

if TYPE_CHECKING:
    from affetto.bundles.bundle import Bundle

router = APIRouter()


class Model(BaseModel):
    """A model."""

    name: str = Field(examples=["transformer"])
    version: str = Field(examples=["0.1.0"])
    served: bool = Field(description="Whether this service recognizes with it.", examples=[True])
    labels: list[str] = Field(
        description="The emotions, in the order of the probabilities.", examples=[[*RECOGNITION_EXAMPLE.probabilities]]
    )
    prior: str = Field(description="How frequent each emotion is assumed to be.", examples=["balanced"])
    threshold: float = Field(description="Answers of less confidence are uncertain.", examples=[0.7149])
    licence: str = Field(examples=["CC-BY-NC-SA-4.0"])
    results: list[dict[str, Any]] = Field(
        description="Measured figures.", examples=[[{"corpus": "ravdess", "protocol": "emobox", "uar": 0.777995}]]
    )


class Models(BaseModel):
    """All models."""

    models: list[Model]


class ModelWithCard(Model):
    """A model and its card."""

    card: str = Field(description="The model card, in Markdown.", examples=["# transformer 0.1.0\n..."])


@router.get("/v1/models", responses=problem_responses("unknown-key", "too-many-requests"))
def list_models(service: ServiceDependency) -> Models:
    """List the models that are installed; one of them is served."""
    return Models(models=[_described(bundle, service) for bundle in service.bundles.values()])


@router.get(
    "/v1/models/{name}",
    response_model=ModelWithCard,
    responses={
        200: {"content": {"text/markdown": {"schema": {"type": "string"}, "example": "# transformer 0.1.0\n..."}}},
        **problem_responses("invalid-request", "unknown-key", "not-found", "too-many-requests"),
    },
)
def get_model(
    name: Annotated[str, Path(examples=["transformer"])], request: Request, service: ServiceDependency
) -> Response:
    """Return a model with its card; with `Accept: text/markdown` the card alone."""
    bundle = service.bundles.get(name)
    if bundle is None:
        raise ProblemError("not-found", f"there is no model {name[:100]!r}; /v1/models lists them")
    card = model_card(bundle.manifest)
    if "text/markdown" in request.headers.get("accept", ""):
        return PlainTextResponse(card, media_type="text/markdown")
    return JSONResponse(ModelWithCard(**_described(bundle, service).model_dump(), card=card).model_dump())


def _described(bundle: Bundle, service: Service) -> Model:
    return Model(
        name=bundle.name,
        version=bundle.version,
        served=bundle.name == service.recognizer.bundle.name,
        labels=list(bundle.labels),
        prior=describe_prior(bundle.prior),
        threshold=bundle.threshold,
        licence=str(bundle.manifest["licence"]),
        results=bundle.manifest.get("results") or [],
    )
