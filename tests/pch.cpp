// Nothing: a library that has the precompiled header must have a source.
