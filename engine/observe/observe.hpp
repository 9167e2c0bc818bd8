#pragma once

/// The room `observe`: what people who run the engine see of it.
///
/// log.hpp      Log: one event a line, as text or JSON
/// metrics.hpp  Metrics: counters, gauges and histograms in Prometheus' text format
///
/// Never: the record of what happened. That is the ledger; a log line may be lost.
