#pragma once

/// Tries what manifests say. A workbench is what an action passes in the engine (store, gate,
/// executor) around one connector; a stand sets it before a vendor of the lab or another server;
/// a trial is one thing that must hold there: it is executed and verified, repeating it sends
/// nothing, it is rolled back, and each class of error ends as it must.
///
/// Everything that is sent goes the way of the engine: intent, gate, request, read-back. Nothing
/// here is linked into what an engine does by itself.
