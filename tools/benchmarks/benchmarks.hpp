#pragma once

/// One function per benchmark of `tools/bench`: measures, prints a line per case (`json`: as
/// INTERFACES says), returns the exit status.
namespace sallyport::benchmarks {

int gate_bench(bool json);
int pipeline_bench(bool json);
int store_bench(bool json);

}  // namespace sallyport::benchmarks
