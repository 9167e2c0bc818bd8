#pragma once

/// The room `graph`: which entities alerts spoke of, together with what, and what came of it.
///
/// neighbourhood.hpp  what is known around one alert, summed up and bounded
/// entity_graph.hpp   EntityGraph: writes at ingest, in the alert's own batch; reads newest first
/// lifetime.hpp       what of the tables has had its time
/// entity_history.hpp the newest sightings of one entity, in memory
///
/// Promises: an entity that a million alerts name costs no more than one that ten name, to write
/// and to read. Never: a verdict, a network, a clock of its own (time is the alert's arrival).
