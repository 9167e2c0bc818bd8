#pragma once

/// The room `serve`: the engine's HTTP API.
///
/// backend.hpp      Backend: what the API needs of the engine; `app` implements it
/// access.hpp       Access: tokens, tenants, roles
/// endpoint.hpp     Endpoint: one operation with all that the document and the guard need
/// *_endpoints.cpp  the operations, by what they are about
/// api.hpp          Api: endpoints behind authentication, idempotency and routing
/// openapi.hpp      the OpenAPI document, made from the endpoints; schema.hpp from the structs
/// event_hub.hpp    EventHub: what /v1/stream tells
/// service.hpp      Service: the API on a port
///
/// Promises: without a valid token nothing but /healthz answers (and what the configuration opens);
/// a token sees its tenants and nothing else; an answer to an intake is given after the alert is
/// durable; who decided is who held the token.
///
/// Never: a state change on GET; a decision of its own about what may happen.
