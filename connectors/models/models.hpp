#pragma once

/// Adapters to language models: reason::LanguageModel over HTTP.
///
/// wire.hpp        what all wire formats share: Dialect, WireOptions, Wire
/// openai.hpp      OpenAI Chat Completions, as OpenAI, Azure, llama.cpp, vLLM and Ollama speak it
/// anthropic.hpp   Anthropic Messages
/// waiting.hpp     when a provider wants to be asked again, and whether it is
/// provider.hpp    Provider: one endpoint; streaming, retries before the first token
/// allowance.hpp   Allowance: what a tenant may spend in a day
/// chain.hpp       Chain: providers in order, the second also beside the first that keeps silent
///
/// Promises: every call ends by its deadline with a typed outcome; cancelling it closes the socket;
/// what was said once is never asked twice. What it trusts: the address in the settings, over TLS
/// the certificate's name. What a model answers is not interpreted here.
/// Never: a key in a log, an error or a record.
