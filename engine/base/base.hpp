#pragma once

/// The room `base`: what every other room stands on and what knows nothing of security.
///
/// result.hpp   Result<T>, Error, Errc: failures that are expected are values
/// fault.hpp    what is wrong in a document that a person wrote, by JSON pointer
/// id.hpp       ids that cannot be mixed up; ulid.hpp makes new ones
/// time.hpp     Time, Clock, RFC 3339
/// json.hpp     described structs to JSON and back
/// digest.hpp   SHA-256
/// cut.hpp      text cut between characters
/// ascii.hpp    lower case, digits, blanks and control characters of ASCII
/// spelling.hpp  what was probably meant by a misspelt name
/// deadline.hpp Task<T>, Deadline, with_deadline
/// task_group.hpp  who owns a coroutine
/// on_pool.hpp  blocking work on threads of its own
/// secret.hpp   text that is never printed
/// scrubber.hpp  takes secrets out of text that is kept
///
/// Never: I/O (but to follow a reference to a secret), a clock of its own, a word of the domain.
