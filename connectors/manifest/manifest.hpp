#pragma once

/// Interprets manifests: YAML files that describe how a product's HTTP API is spoken to. A product
/// is added by a file in connectors/<class>/, without C++.
///
/// spec.hpp           a manifest as it is written; README.md says what its parts mean
/// plan.hpp           a manifest that was found sound: templates and questions compiled
/// scope.hpp          what each part may speak of; compile.cpp and compile_auth.cpp check the rest
/// value_type.hpp     the types of targets and parameters, closed ones above all
/// template.hpp       `${{ path }}` and nothing more; tree.hpp: bodies; xml.hpp: XML as JSON
/// request.hpp        a request out of typed values, each encoded for its place
/// answer.hpp         what an answer means, and the values that are taken out of it
/// address_guard.hpp  which addresses may be connected to; pace.hpp: when
/// wire.hpp           carries requests; credentials.hpp: keys, signatures, tokens
/// caller.hpp         one step until its answer is clear
/// connector.hpp      act::Actuator; live.hpp: one whose file may be edited
/// inquiry.hpp        a query about an entity, and the evidence of its answer
/// enricher.hpp       investigate::Enricher and investigate::Query of a product
///
/// Promises: nothing that an alert or a product said becomes syntax of a request; secrets are seen
/// by the product alone; what was sent and not clearly answered is said to be unknown. Never: a
/// redirect followed, a loop or an expression in a manifest, a request without a deadline.
