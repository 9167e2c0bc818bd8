#pragma once

/// What the native adapters share: the rules that every value meets before it is sent anywhere.
///
/// text.hpp               which text of a target or a parameter may be sent at all
/// network.hpp            addresses and CIDRs, never host names
/// network_namespace.hpp  running a call inside another network namespace
/// blocking.hpp           a blocking call on a thread pool, awaited with a deadline
///
/// Never: knows a product.
